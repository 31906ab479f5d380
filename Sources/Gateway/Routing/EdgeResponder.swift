// The outermost step of every request: its id, its trace, CORS, and its line in the log.

import Conversation
import HTTPServer
import HTTPTypes
import Logging
import OpenAIProtocol

/// Wraps the routes.
struct EdgeResponder: Sendable {
    let routes: ServedRoutes
    let log: RequestLog
    let telemetry: TelemetryExporter?

    func respond(to request: Request) async -> Response {
        var trace = TraceContext(request.headers[.traceParent])
        if trace.hasParent { trace.take(state: request.headers[.traceState]) }
        if let telemetry, !Self.isWatching(request) { trace = telemetry.trace(trace) }
        let context = GatewayContext(requestID: Self.requestID(request.headers), trace: trace)
        let entry = log.begin(request, id: context.requestID, trace: context.trace, notes: context.notes)
        var response =
            request.method == .options
            ? Self.preflight(request.headers) : await routes.respond(to: request, context)
        response.headers.add(.requestID, context.requestID)
        if request.headers[.origin] != nil, request.method != .options { Self.allowOrigin(&response.headers) }
        if context.notes.current.isStreaming {
            response.body = entry.logging(response.body, status: response.status.code)
        } else {
            context.notes.set { $0.bytes = response.body.contentLength ?? 0 }
            entry.end(status: response.status.code)
        }
        return response
    }

    /// Probes and scrapes come by the minute and say nothing.
    private static func isWatching(_ request: Request) -> Bool {
        request.path == "/metrics" || request.path.hasPrefix(HealthRoutes.path.dropLast())
    }

    /// The client's own id, where it is one that a log can bear, or a fresh one.
    private static func requestID(_ headers: RequestHeaders) -> String {
        if let given = headers[.requestID], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        {
            return given
        }
        return AnswerIdentity.makeID(prefix: "req_")
    }

    // MARK: CORS

    /// Browsers' SDKs ask before every call, without credentials (`clients.md` 1.8). The asked headers are echoed: a
    /// literal `*` would not cover `Authorization`.
    private static func preflight(_ headers: RequestHeaders) -> Response {
        var answer: ResponseHeaders = [
            .allowOrigin: "*",
            .allowMethods: "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            .maxAge: "86400",
        ]
        answer.add(.allowHeaders, headers[.requestHeaders] ?? "Authorization, Content-Type")
        answer.add(.vary, "Origin, Access-Control-Request-Headers")
        return Response(status: .noContent, headers: answer)
    }

    private static func allowOrigin(_ headers: inout ResponseHeaders) {
        // Credentials are headers that a page must know, never cookies: any origin may ask.
        headers.add(.allowOrigin, "*")
        headers.add(
            .exposeHeaders,
            "x-request-id, request-id, retry-after, retry-after-ms, x-should-retry, x-opsgate-ignored, x-opsgate-provider, "
                + "x-opsgate-model, x-opsgate-attempts, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, "
                + "x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens"
        )
    }
}
