// Every error that can leave a handler, as one value with a status and both forms.

import Accounts
import HTTPServer
import Identity
import JSON
import OpenAIProtocol
import Resources
import Storage

/// A failed request, ready to be written in either form. The one place where errors become HTTP.
struct RequestFailure: Error {
    var status: Int
    var message: String
    var errors: [FieldError] = []
    var openAI: OpenAIError?
    var retryAfter: Duration?
    var shouldRetry: Bool?
    /// Further headers by their names.
    var headers: [String: String] = [:]
    var challenge: String?
    /// Worth a line of its own in the log: a fault of ours.
    var isOurs = false

    init(status: Int, message: String, errors: [FieldError] = []) {
        self.status = status
        self.message = message
        self.errors = errors
    }

    /// From anything that a handler throws.
    init(_ error: any Error) {
        switch error {
        case let failure as RequestFailure: self = failure
        case let error as OpenAIError:
            self.init(status: error.status, message: error.message)
            openAI = error
            retryAfter = error.retryAfter
            shouldRetry = error.shouldRetry
            headers = error.headers
        case let failure as CredentialFailure: self.init(credential: failure)
        case let error as ResourceError: self.init(status: error.status, message: error.message, errors: error.errors)
        case let failure as AccountFailure:
            self.init(
                status: failure.status,
                message: failure.message,
                errors: failure.field.map { [FieldError($0, failure.message)] } ?? []
            )
        case let fault as BodyFault: self.init(body: fault)
        case let error as DatabaseError: self.init(database: error)
        case is CancellationError, is ConnectionClosed:
            self.init(status: 499, message: "the client went away")
        default:
            self.init(status: 500, message: "The gateway failed; the log has the details.")
            isOurs = true
        }
    }

    private init(credential failure: CredentialFailure) {
        self.init(status: failure.status, message: failure.message)
        if status == 401 { challenge = "Bearer" }
        retryAfter = failure.retryAfterSeconds.map { .seconds($0) }
        openAI =
            switch status {
            case 401:
                OpenAIError(status: 401, message: failure.message, type: "invalid_request_error", code: failure.code)
            case 403: .forbidden(failure.message)
            case 429:
                OpenAIError(
                    status: 429,
                    message: failure.message,
                    type: "rate_limit_error",
                    code: "rate_limit_exceeded"
                )
            default: .overloaded(failure.message)
            }
    }

    private init(body fault: BodyFault) {
        switch fault {
        case .tooLarge(let limit):
            self.init(status: 413, message: "the body is larger than \(limit) bytes")
            openAI = .tooLarge(limit: limit)
        case .incomplete:
            self.init(status: 400, message: "The request's body is not complete.")
            openAI = .invalid(message, param: nil, code: "invalid_http")
        case .tooSlow:
            self.init(status: 408, message: "The body took too long to arrive.")
            openAI = OpenAIError(
                status: 408,
                message: message,
                type: "invalid_request_error",
                code: "request_timeout"
            )
        case .tooManyBodies:
            self.init(status: 503, message: "Service temporarily unavailable: too much is being sent at once.")
            openAI = .overloaded("too much is being sent at once.")
            retryAfter = .seconds(1)
        case .notJSON(let error):
            self.init(
                status: 400,
                message: "the body is not valid JSON: \(error.message) (at byte \(error.offset))",
                errors: error.path.isEmpty ? [] : [FieldError(error.path, error.message)]
            )
        case .notAnObject(let type):
            self.init(status: 400, message: "the body must be a JSON object, not \(type)")
        }
    }

    private init(database error: DatabaseError) {
        switch error.kind {
        case .overloaded, .busy, .unavailable, .closed:
            self.init(status: 503, message: "Service temporarily unavailable: the store does not answer.")
            retryAfter = .seconds(1)
            openAI = .overloaded("the store does not answer.")
        default:
            self.init(status: 500, message: "The gateway failed; the log has the details.")
        }
        isOurs = true
    }

    var openAIBody: [UInt8] {
        if let openAI { return openAI.body }
        let type =
            switch status {
            case 500...: "server_error"
            case 403: "permission_error"
            case 429: "rate_limit_error"
            default: "invalid_request_error"
            }
        let code: String? =
            switch status {
            case 404: "not_found"
            case 405: "method_not_allowed"
            case 500: "internal_error"
            default: nil
            }
        return OpenAIError(status: status, message: message, type: type, param: errors.first?.field, code: code).body
    }

    func anthropicBody(requestID: String) -> [UInt8] {
        let error = openAI.map { AnthropicError($0) } ?? AnthropicError(status: status, message: message)
        return error.body(requestID: requestID)
    }

    var envelopeBody: [UInt8] {
        Envelope.failure(status: status, message: message, errors: errors).bytes
    }
}
