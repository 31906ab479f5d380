// From the table of routes to Hummingbird's router: access first, then the handler, errors in the route's form.

import HTTPTypes
import Hummingbird
import Identity
import Logging

/// All routes of the server.
struct RouteTable: Sendable {
    let routes: [Route]

    /// Puts every route into a router.
    func router(_ edge: EdgeState) -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self)
        for route in routes {
            let counter = edge.observation.requests.counter(route)
            router.on(RouterPath(stringLiteral: route.path), method: route.method) { request, context in
                context.notes.set { $0.counter = counter }
                return await Self.respond(route, request, context, edge)
            }
        }
        return router
    }

    /// The methods that a path knows, for a 405 that names them.
    func methods(for path: String) -> [HTTPRequest.Method] {
        let parts = path.split(separator: "/")
        return routes.filter { route in
            let pattern = route.path.split(separator: "/")
            if pattern.last == "**" {
                return parts.count >= pattern.count
                    && zip(pattern.dropLast(), parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
            }
            return pattern.count == parts.count && zip(pattern, parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
        }.map(\.method)
    }

    /// An answer that may come before the whole request has: what is still on its way is read and dropped for a moment
    /// after it, since a close at once would be a reset, and many clients would never see the answer.
    private static func lingering(
        _ response: Response,
        _ request: Request,
        _ context: GatewayContext,
        _ edge: EdgeState
    ) -> Response {
        guard !context.notes.current.hasBody else { return response }
        var response = response
        let body = response.body
        let channel = context.channel
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            let deadline = edge.heartbeat.schedule(after: .seconds(5)) { channel.close(promise: nil) }
            defer { edge.heartbeat.cancel(deadline) }
            var dropped = 0
            for try await buffer in request.body {
                dropped += buffer.readableBytes
                if dropped > 64 << 20 { break }
            }
        }
        return response
    }

    private static func respond(
        _ route: Route,
        _ request: Request,
        _ context: GatewayContext,
        _ edge: EdgeState
    ) async -> Response {
        context.notes.set { $0.route = route.path }
        do {
            // Taken before anything waits: whoever goes meanwhile is noticed all the same.
            guard let signal = edge.signals.signal(of: context.channel) else { throw CancellationError() }
            var caller: Caller?
            if case .permission(let permission) = route.access {
                let known = try await edge.caller(of: request.headers)
                context.notes.set { $0.caller = known.username }
                try known.require(permission)
                caller = known
            }
            if case .scraper = route.access, !edge.isScraper(request.headers) {
                let known = try await edge.caller(of: request.headers)
                context.notes.set { $0.caller = known.username }
                try known.require(.usageView)
                caller = known
            }
            return try await route.handler(
                GatewayRequest(
                    request: request,
                    context: context,
                    id: context.requestID,
                    caller: caller,
                    signal: signal,
                    heartbeat: edge.heartbeat,
                    bodies: edge.bodies,
                    bodyTime: edge.bodyTime,
                    notes: context.notes
                )
            )
        } catch {
            let failure = RequestFailure(error)
            if failure.isOurs {
                edge.logger.error(
                    "request failed",
                    metadata: ["request_id": "\(context.requestID)", "route": "\(route.path)", "reason": "\(error)"]
                )
            }
            let response = Response.failure(failure, style: route.style)
            return failure.closesConnection ? lingering(response, request, context, edge) : response
        }
    }
}

/// What every request needs, made once.
struct EdgeState: Sendable {
    let authenticator: Authenticator
    let signals: ConnectionSignals
    let heartbeat: Heartbeat
    let bodies = BodyMeter()
    let bodyTime: Duration
    let observation: Observation
    let logger: Logger

    /// Whether a request brings the token for metrics.
    func isScraper(_ headers: HTTPFields) -> Bool {
        guard let token = observation.metricsToken, let header = headers[.authorization] else { return false }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        return token.matches(Secret(String(parts[1])))
    }

    /// The caller of a request: from memory where possible, without leaving the task.
    func caller(of headers: HTTPFields) async throws(CredentialFailure) -> Caller {
        let authorization = headers[.authorization]
        let apiAuthorization = headers[.apiAuthorization]
        let apiKey = headers[.apiKey]
        if let known = authenticator.cachedCaller(
            forAuthorization: authorization,
            apiAuthorization: apiAuthorization,
            apiKey: apiKey
        ) {
            return known
        }
        return try await authenticator.caller(
            forAuthorization: authorization,
            apiAuthorization: apiAuthorization,
            apiKey: apiKey
        )
    }
}
