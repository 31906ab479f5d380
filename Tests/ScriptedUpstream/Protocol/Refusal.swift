// A refusal in OpenAI's error shape.

/// An error answer: the status and the members of the error object.
struct Refusal: Error {
    var status = 400
    var message: String
    var type = "invalid_request_error"
    var parameter: String?
    var code: String?

    init(_ message: String, parameter: String? = nil, code: String? = nil) {
        self.message = message
        self.parameter = parameter
        self.code = code
    }

    init(status: Int, type: String, code: String?, message: String) {
        self.init(message, code: code)
        self.status = status
        self.type = type
    }

    var text: String {
        let parameter = parameter.map(quoted) ?? "null"
        let code = code.map(quoted) ?? "null"
        return
            "{\"error\":{\"message\":\(quoted(message)),\"type\":\(quoted(type)),\"param\":\(parameter),\"code\":\(code)}}"
    }
}
