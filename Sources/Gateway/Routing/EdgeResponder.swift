// The outermost step of every request: its id, CORS, paths that nobody serves, and its line in the log.

import Conversation
import HTTPTypes
import Hummingbird
import Logging
import OpenAIProtocol

/// Wraps the router.
struct EdgeResponder<Inner: HTTPResponder>: HTTPResponder where Inner.Context == GatewayContext {
    typealias Context = GatewayContext

    let inner: Inner
    let table: RouteTable
    let log: RequestLog

    func respond(to request: Request, context: GatewayContext) async throws -> Response {
        var context = context
        context.requestID = Self.requestID(request.headers)
        context.trace = TraceContext(request.headers[.traceParent])
        let entry = log.begin(request, id: context.requestID, trace: context.trace, notes: context.notes)
        var response: Response
        if request.method == .options {
            response = Self.preflight(request.headers)
        } else {
            do {
                response = try await inner.respond(to: request, context: context)
                if response.status == .notFound, context.notes.current.route == nil {
                    response = unserved(request, RequestFailure(status: 404, message: ""))
                }
            } catch {
                response = unserved(request, error)
            }
        }
        response.headers[.requestID] = context.requestID
        if request.headers[.origin] != nil, request.method != .options { Self.allowOrigin(&response.headers) }
        if context.notes.current.isStreaming {
            response.body = entry.logging(response.body, status: response.status.code)
        } else {
            context.notes.set { $0.bytes = response.body.contentLength ?? 0 }
            entry.end(status: response.status.code)
        }
        return response
    }

    /// The client's own id, where it is one that a log can bear, or a fresh one.
    private static func requestID(_ headers: HTTPFields) -> String {
        if let given = headers[.requestID], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        {
            return given
        }
        return AnswerIdentity.makeID(prefix: "req_")
    }

    private func unserved(_ request: Request, _ error: any Error) -> Response {
        let path = request.uri.path
        let style: ErrorStyle =
            path.hasPrefix("/v1/") || path.contains("/v1/chat") || path.contains("/v1/models") ? .openAI : .envelope
        let methods = table.methods(for: path)
        var failure = RequestFailure(error)
        guard failure.status == 404, !methods.isEmpty else {
            if failure.status == 404 { failure.message = "There is nothing at \(path.prefix(200))." }
            return .failure(failure, style: style)
        }
        failure = RequestFailure(status: 405, message: "\(request.method.rawValue) is not possible here.")
        var response = Response.failure(failure, style: style)
        response.headers[.allow] = methods.map(\.rawValue).joined(separator: ", ")
        return response
    }

    // MARK: CORS

    /// Browsers' SDKs ask before every call, without credentials (`clients.md` 1.8). The asked headers are echoed: a
    /// literal `*` would not cover `Authorization`.
    private static func preflight(_ headers: HTTPFields) -> Response {
        var answer: HTTPFields = [
            .allowOrigin: "*",
            .allowMethods: "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            .maxAge: "86400",
        ]
        answer[.allowHeaders] = headers[.requestHeaders] ?? "Authorization, Content-Type"
        answer[.vary] = "Origin, Access-Control-Request-Headers"
        return Response(status: .noContent, headers: answer)
    }

    private static func allowOrigin(_ headers: inout HTTPFields) {
        // Credentials are headers that a page must know, never cookies: any origin may ask.
        headers[.allowOrigin] = "*"
        headers[.exposeHeaders] =
            "x-request-id, retry-after, retry-after-ms, x-should-retry, x-opsgate-ignored, x-opsgate-provider, "
            + "x-opsgate-model, x-opsgate-attempts, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, "
            + "x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens"
    }
}
