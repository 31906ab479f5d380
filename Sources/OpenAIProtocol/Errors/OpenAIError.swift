// The error object of the OpenAI protocol, with the HTTP status and headers that go with it.

import JSON

/// `{"error":{"message","type","param","code"}}`: all four members are always there (OpenAI's `Error` schema).
@dynamicMemberLookup
package struct OpenAIError: Error, Sendable, Hashable {
    package struct Members: Sendable, Hashable {
        /// The HTTP status, where one can still be sent.
        package var status: Int
        package var message: String
        package var type: String
        /// The field at fault as a JSON path, e.g. `messages[2].content`.
        package var param: String?
        package var code: String?
        /// Seconds after which another attempt makes sense; sent as `retry-after` and `retry-after-ms`.
        package var retryAfter: Duration?
        /// Sent as `x-should-retry`; the SDKs obey it before looking at the status (`clients.md` 2.2).
        package var shouldRetry: Bool?
        /// Further headers by their names, in lower case.
        package var headers: [String: String] = [:]
    }

    private var members: Box<Members>

    package subscript<Value>(dynamicMember path: WritableKeyPath<Members, Value>) -> Value {
        get { members.value[keyPath: path] }
        set { members.value[keyPath: path] = newValue }
    }

    package init(
        status: Int,
        message: String,
        type: String,
        param: String? = nil,
        code: String? = nil,
        retryAfter: Duration? = nil,
        shouldRetry: Bool? = nil
    ) {
        members = Box(
            Members(
                status: status,
                message: message,
                type: type,
                param: param,
                code: code,
                retryAfter: retryAfter,
                shouldRetry: shouldRetry
            )
        )
    }

    /// The body of an HTTP answer.
    package var body: [UInt8] {
        let (message, type, param, code) = (self.message, self.type, self.param, self.code)
        var writer = JSONWriter(capacity: 160 + message.utf8.count)
        writer.beginObject()
        writer.key("error")
        writer.beginObject()
        writer.key("message")
        writer.string(message)
        writer.key("type")
        writer.string(type)
        writer.key("param")
        if let param { writer.string(param) } else { writer.null() }
        writer.key("code")
        if let code { writer.string(code) } else { writer.null() }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// The frame that ends a stream which cannot be finished; no `[DONE]` follows it.
    package var frame: [UInt8] { ServerSentEvents.frame(body) }
}

extension OpenAIError: CustomStringConvertible {
    package var description: String { "\(self.status) \(self.code ?? self.type): \(self.message)" }
}

extension OpenAIError {
    /// 400, naming the field.
    package static func invalid(_ message: String, param: String?, code: String? = nil) -> OpenAIError {
        OpenAIError(status: 400, message: message, type: "invalid_request_error", param: param, code: code)
    }

    package static func forbidden(_ message: String, param: String? = nil) -> OpenAIError {
        OpenAIError(status: 403, message: message, type: "permission_error", param: param, code: "permission_denied")
    }

    package static func modelNotFound(_ model: String) -> OpenAIError {
        OpenAIError(
            status: 404,
            message: "The model `\(model)` does not exist or you do not have access to it.",
            type: "invalid_request_error",
            param: "model",
            code: "model_not_found"
        )
    }

    package static func tooLarge(limit: Int) -> OpenAIError {
        OpenAIError(
            status: 413,
            message: "The request body is larger than \(limit) bytes.",
            type: "invalid_request_error",
            code: "request_too_large"
        )
    }

    /// 503: the gateway sheds load or shuts down; nothing was done.
    package static func overloaded(_ message: String, retryAfter: Duration = .seconds(1)) -> OpenAIError {
        OpenAIError(
            status: 503,
            message: "Service temporarily unavailable: \(message)",
            type: "overloaded_error",
            code: "overloaded",
            retryAfter: retryAfter
        )
    }

    /// 503 for what a stop of the server cuts short.
    package static let shuttingDown = overloaded("the server is shutting down.")

    package static func `internal`(_ message: String = "The gateway failed; the log has the details.") -> OpenAIError {
        OpenAIError(status: 500, message: message, type: "server_error", code: "internal_error")
    }
}
