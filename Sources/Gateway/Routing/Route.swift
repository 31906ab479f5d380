// A route as a value: where, for whom, what it says of itself, and what it does.

import HTTPServer
import HTTPTypes
import Identity
import JSON

/// Who may use a route. There is no default: a route without one does not compile.
enum Access: Sendable {
    /// Anybody. Health and login only; a test lists them.
    case anybody
    /// Whoever has the webhook secret of an alert source; the handler checks it.
    case webhookSecret
    /// A caller who may see usage, or whoever has the token for metrics.
    case scraper
    /// A caller with this permission.
    case permission(Permission)
}

/// In which form a route tells of errors.
enum ErrorStyle: Sendable {
    /// `{"error":{"message","type","param","code"}}`
    case openAI
    /// `{"type":"error","error":{"type","message"},"request_id"}`
    case anthropic
    /// `{"code","message","data":null,"errors":[…]}`
    case envelope

    /// For a path that nobody serves.
    init(path: String) {
        self = path.hasPrefix("/v1/") || path.contains("/v1/chat") || path.contains("/v1/models") ? .openAI : .envelope
    }
}

/// A route: the one table of these is what the server serves, what the OpenAPI document describes, and what tests walk.
struct Route: Sendable {
    typealias Handler = @Sendable (GatewayRequest) async throws -> Response

    let method: HTTPRequest.Method
    /// With `{name}` for parameters; a trailing slash is as good as none.
    let path: String
    let access: Access
    let style: ErrorStyle
    /// The heading in the OpenAPI document.
    let tag: String
    let summary: String
    /// More of the OpenAPI operation: `parameters`, `requestBody`, `responses`.
    let operation: JSONObject
    let handler: Handler

    init(
        _ method: HTTPRequest.Method,
        _ path: String,
        access: Access,
        style: ErrorStyle = .envelope,
        tag: String,
        summary: String,
        operation: JSONObject = [:],
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.style = style
        self.tag = tag
        self.summary = summary
        self.operation = operation
        self.handler = handler
    }
}
