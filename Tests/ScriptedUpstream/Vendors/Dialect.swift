// Whose protocol a request speaks: told by its address.
import NIOHTTP1

/// The protocols that a script is played in.
enum Dialect: Sendable {
    case openAI, azure, anthropic, gemini

    init(path: Substring) {
        if path == "/v1/messages" {
            self = .anthropic
        } else if path.hasPrefix("/v1beta/") {
            self = .gemini
        } else {
            self = path.hasPrefix("/openai/") ? .azure : .openAI
        }
    }

    /// Whether `[DONE]` ends its streams.
    var hasEndMarker: Bool { self == .openAI || self == .azure }

    /// The key that a request shows in the way of the vendor; nil: none, empty: in another way.
    func key(in headers: HTTPHeaders) -> String? {
        switch self {
        case .openAI:
            headers.first(name: "authorization").map { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : "" }
        case .azure: headers.first(name: "api-key")
        case .anthropic: headers.first(name: "x-api-key")
        case .gemini: headers.first(name: "x-goog-api-key")
        }
    }
}

/// The address of a model's call, as far as it says what others say in the body.
struct Door {
    let dialect: Dialect
    private(set) var model: String?
    private(set) var stream = false

    /// Nil for an address at which nobody calls a model.
    /// - Throws: for what the vendor demands beside the body.
    init?(_ request: Request) throws(Refusal) {
        let path = request.path
        let query = request.head.uri.dropFirst(path.count + 1)
        dialect = Dialect(path: path)
        guard request.head.method == .POST else { return nil }
        switch dialect {
        case .openAI:
            guard path == "/v1/chat/completions" else { return nil }
        case .azure:
            let parts = path.split(separator: "/")
            guard parts.count == 5, parts[1] == "deployments", parts[3] == "chat", parts[4] == "completions" else {
                return nil
            }
            guard query.hasPrefix("api-version=20") else { throw Refusal("Missing required query: api-version") }
            model = String(parts[2])
        case .anthropic:
            guard request.head.headers.first(name: "anthropic-version") == "2023-06-01" else {
                throw Refusal("anthropic-version: header is required")
            }
        case .gemini:
            let parts = path.dropFirst("/v1beta/models/".count).split(separator: ":")
            guard path.hasPrefix("/v1beta/models/"), parts.count == 2 else { return nil }
            stream = parts[1] == "streamGenerateContent"
            guard stream ? query == "alt=sse" : parts[1] == "generateContent" else { return nil }
            model = String(parts[0])
        }
    }
}

extension Refusal {
    /// The error in the vendor's form.
    func text(_ dialect: Dialect) -> String {
        switch dialect {
        case .openAI, .azure: return text
        case .anthropic:
            let types = [
                401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error",
                500: "api_error", 529: "overloaded_error",
            ]
            let type = quoted(types[status] ?? "invalid_request_error")
            return
                "{\"type\":\"error\",\"error\":{\"type\":\(type),\"message\":\(quoted(message))},\"request_id\":null}"
        case .gemini:
            let words = [
                401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
                500: "INTERNAL", 503: "UNAVAILABLE",
            ]
            let word = quoted(words[status] ?? "INVALID_ARGUMENT")
            return "{\"error\":{\"code\":\(status),\"message\":\(quoted(message)),\"status\":\(word)}}"
        }
    }
}
