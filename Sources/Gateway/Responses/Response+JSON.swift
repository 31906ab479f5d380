// Answers in the two forms that the routes speak.

import HTTPServer
import HTTPTypes
import JSON
import OpenAIProtocol
import Resources

extension Response {
    /// A JSON answer.
    ///
    /// - Parameter headers: all but the content's type.
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: ResponseHeaders = [:]) -> Response {
        var headers = headers
        headers.add(.contentType, "application/json")
        return Response(status: status, headers: headers, body: ResponseBody(bytes))
    }

    /// `{"code":0,"message":"success","data":…}`
    static func success(_ data: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        json(Envelope.success(data).bytes, status: status)
    }

    /// An error in the route's form.
    ///
    /// - Parameter requestID: for the form that names it in the body.
    static func failure(_ failure: RequestFailure, style: ErrorStyle, requestID: String) -> Response {
        var headers = ResponseHeaders(failure.headers)
        if let wait = failure.retryAfter {
            let milliseconds = max(
                0,
                wait.components.seconds * 1000 + wait.components.attoseconds / 1_000_000_000_000_000
            )
            headers.add(.retryAfter, String((milliseconds + 999) / 1000))
            headers.add(.retryAfterMilliseconds, String(milliseconds))
        }
        if let shouldRetry = failure.shouldRetry { headers.add(.shouldRetry, String(shouldRetry)) }
        if let challenge = failure.challenge { headers.add(.wwwAuthenticate, challenge) }
        let status = HTTPResponse.Status(code: failure.status)
        return switch style {
        case .openAI: json(failure.openAIBody, status: status, headers: headers)
        case .anthropic: json(failure.anthropicBody(requestID: requestID), status: status, headers: headers)
        case .envelope: json(failure.envelopeBody, status: status, headers: headers)
        }
    }
}
