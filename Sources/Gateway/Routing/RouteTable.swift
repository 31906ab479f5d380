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
            router.on(RouterPath(stringLiteral: route.path), method: route.method) { request, context in
                await Self.respond(route, request, context, edge)
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

    private static func respond(
        _ route: Route,
        _ request: Request,
        _ context: GatewayContext,
        _ edge: EdgeState
    ) async -> Response {
        context.notes.set { $0.route = route.path }
        do {
            var caller: Caller?
            if case .permission(let permission) = route.access {
                let known = try await edge.caller(of: request.headers)
                context.notes.set { $0.caller = known.username }
                try known.require(permission)
                caller = known
            }
            return try await route.handler(
                GatewayRequest(
                    request: request,
                    context: context,
                    id: context.requestID,
                    caller: caller,
                    signal: edge.signals.signal(of: context.channel),
                    heartbeat: edge.heartbeat,
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
            if failure.closesConnection {
                // What the client still sends is read and dropped for a moment, then the connection goes.
                let channel = context.channel
                _ = edge.heartbeat.schedule(after: .seconds(5)) { channel.close(promise: nil) }
            }
            return .failure(failure, style: route.style)
        }
    }
}

/// What every request needs, made once.
struct EdgeState: Sendable {
    let authenticator: Authenticator
    let signals: ConnectionSignals
    let heartbeat: Heartbeat
    let bodyTime: Duration
    let logger: Logger

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
