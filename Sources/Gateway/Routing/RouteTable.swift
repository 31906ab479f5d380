// The table of routes: what is served, to whom, and how errors are told.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import Logging

/// All routes of the server.
struct RouteTable: Sendable {
    let routes: [Route]

    /// A table that can be asked by path, with a counter for each route.
    func served(by edge: EdgeState) -> ServedRoutes {
        ServedRoutes(
            routes: routes,
            counters: routes.map(edge.observation.requests.counter),
            router: Router(routes),
            edge: edge
        )
    }
}

/// The routes of a running server: access first, then the handler, errors in the route's form.
struct ServedRoutes: Sendable {
    fileprivate let routes: [Route]
    fileprivate let counters: [RouteCounter]
    fileprivate let router: Router
    fileprivate let edge: EdgeState

    /// Answers a request, whatever comes of it.
    func respond(to request: Request, _ context: GatewayContext) async -> Response {
        switch router.match(request.method, request.path) {
        case .route(let index, let parameters):
            var context = context
            context.parameters = parameters
            context.notes.set { [counters, routes] notes in
                notes.counter = counters[index]
                notes.route = routes[index].path
            }
            return await respond(routes[index], request, context)
        case .otherMethods(let indices): return refusal(request, otherRoutes: indices, context.requestID)
        case .nothing:
            let failure = RequestFailure(status: 404, message: "There is nothing at \(request.path.prefix(200)).")
            return .failure(failure, style: ErrorStyle(path: request.path), requestID: context.requestID)
        }
    }

    private func refusal(_ request: Request, otherRoutes: [Int], _ requestID: String) -> Response {
        let failure = RequestFailure(status: 405, message: "\(request.method.rawValue) is not possible here.")
        let style = otherRoutes.first.map { routes[$0].style } ?? .envelope
        var response = Response.failure(failure, style: style, requestID: requestID)
        let methods = Set(otherRoutes.map { routes[$0].method.rawValue }).sorted()
        response.headers.add(.allow, methods.joined(separator: ", "))
        return response
    }

    private func respond(_ route: Route, _ request: Request, _ context: GatewayContext) async -> Response {
        var response: Response
        do {
            let caller = try await caller(for: route, request, context)
            response = try await route.handler(GatewayRequest(request, context, caller: caller, edge: edge))
        } catch {
            response = failure(error, route, requestID: context.requestID)
        }
        // Under the name that Anthropic's SDKs read; `x-request-id` is everybody's.
        if route.style == .anthropic { response.headers.add(.anthropicRequestID, context.requestID) }
        return response
    }

    private func failure(_ error: any Error, _ route: Route, requestID: String) -> Response {
        let failure = RequestFailure(error)
        if failure.isOurs {
            edge.logger.error(
                "request failed",
                metadata: ["request_id": "\(requestID)", "route": "\(route.path)", "reason": "\(error)"]
            )
        }
        return .failure(failure, style: route.style, requestID: requestID)
    }

    private func caller(
        for route: Route,
        _ request: Request,
        _ context: GatewayContext
    ) async throws(CredentialFailure) -> Caller? {
        let permission: Permission
        switch route.access {
        case .anybody, .webhookSecret: return nil
        case .scraper where edge.isScraper(request.headers): return nil
        case .scraper: permission = .usageView
        case .permission(let needed): permission = needed
        }
        let caller = try await edge.caller(of: request.headers)
        context.notes.set { $0.caller = caller.username }
        try caller.require(permission)
        return caller
    }
}

/// What every request needs, made once.
struct EdgeState: Sendable {
    let authenticator: Authenticator
    let heartbeat: Heartbeat
    let bodies = BodyMeter()
    let bodyTime: Duration
    let observation: Observation
    let logger: Logger

    /// Whether a request brings the token for metrics.
    func isScraper(_ headers: RequestHeaders) -> Bool {
        guard let token = observation.metricsToken, let header = headers[.authorization] else { return false }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        return token.matches(Secret(String(parts[1])))
    }

    /// The caller of a request: from memory where possible, without leaving the task.
    func caller(of headers: RequestHeaders) async throws(CredentialFailure) -> Caller {
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
