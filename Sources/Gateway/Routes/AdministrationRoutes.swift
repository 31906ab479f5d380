// The doors of what is administered: providers, models, routes, their trials, and bots.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import JSON
import Providers
import Resources

/// `/api/v1/opspilot/model_provider_mgmt/` with `model/`, `route/` and `test/`, and `bot_mgmt/bot/` (seed section 1.2.4).
struct AdministrationRoutes: Sendable {
    let services: GatewayServices

    private static let prefix = ProviderResources.path

    var routes: [Route] {
        let administration = services.administration
        return trials + shelved(administration.models, tag: "Models") + shelved(administration.routes, tag: "Models")
            + shelved(administration.providers, tag: "Models") + shelved(administration.bots, tag: "Bots")
    }

    // MARK: Trials

    private var trials: [Route] {
        [
            trial("\(Self.prefix)/test/", "Make one small call and say what came back") { request in
                try await request.object()
            },
            trial("\(Self.prefix)/model/{id}/test/", "Try a model") { [services] request in
                try await Self.body(request, services.administration.models, "model")
            },
            trial("\(Self.prefix)/route/{id}/test/", "Try a route") { [services] request in
                try await Self.body(request, services.administration.routes, "route")
            },
            trial("\(Self.prefix)/{id}/test/", "Try a provider") { [services] request in
                try await Self.body(request, services.administration.providers, "provider")
            },
        ]
    }

    private func trial(
        _ path: String,
        _ summary: String,
        _ body: @escaping @Sendable (GatewayRequest) async throws -> JSONObject
    ) -> Route {
        let services = services
        return Route(
            .post,
            path,
            access: .permission(.providerManage),
            tag: "Models",
            summary: summary,
            operation: path.contains("{id}") ? AdministrationDescription.trialOfOne : AdministrationDescription.trial,
            handler: { request in
                let trial = try ProviderTrial(try await body(request), in: services.providers.book.catalogue)
                let caller = try request.authenticated()
                let task = Task {
                    try await trial.run(
                        services.providers,
                        services.turns,
                        caller: caller,
                        requestID: request.id,
                        now: WallClock.system.now()
                    )
                }
                let token = request.request.connection.signal.onGone { task.cancel() }
                defer { request.request.connection.signal.settle(token) }
                return .success(try await task.value)
            }
        )
    }

    /// The request's body with the entry of the path as what is tried.
    private static func body(
        _ request: GatewayRequest,
        _ shelf: ShelvedResource,
        _ member: String
    ) async throws -> JSONObject {
        var body = try await request.object()
        for name in ["provider", "model", "route"] where body[name] != nil && !(member == "provider" && name == "model")
        {
            throw ResourceError.invalid(name, "is said by the path already")
        }
        let entry = try await shelf.get(request.parameter("id"), caller: try request.authenticated())
        if entry["origin"]?.string == "store", entry["in_force"]?.bool == false,
            let problem = entry["problem"]?.string
        {
            throw ResourceError.conflict(message: "it is not in force: \(problem)", errors: [])
        }
        body[member] = entry["name"]
        return body
    }

    // MARK: Verbs

    private func shelved(_ shelf: ShelvedResource, tag: String) -> [Route] {
        let resource = shelf.service.resource
        let (path, view, manage) = (resource.path, resource.permissions.view, resource.permissions.manage)
        func route(
            _ method: HTTPRequest.Method,
            _ path: String,
            _ permission: Permission,
            _ operation: JSONObject = [:],
            _ work: @escaping @Sendable (GatewayRequest, Caller) async throws -> JSONValue
        ) -> Route {
            Route(
                method,
                path,
                access: .permission(permission),
                tag: tag,
                summary: resource.title,
                operation: operation,
                handler: { .success(try await work($0, try $0.authenticated())) }
            )
        }
        func change(_ method: HTTPRequest.Method, _ operation: ResourceOperation) -> Route {
            route(method, path + "/{id}/", manage) { request, caller in
                try await shelf.change(
                    request.parameter("id"),
                    try await request.object(),
                    as: operation,
                    caller: caller,
                    requestID: request.id
                )
            }
        }
        return [
            route(.get, path + "/", view, AdministrationDescription.list(shelf)) { request, caller in
                try await shelf.list(query: request.query, caller: caller).json
            },
            route(.post, path + "/", manage) { request, caller in
                try await shelf.create(try await request.object(), caller: caller, requestID: request.id)
            },
            route(.get, path + "/{id}/", view) { request, caller in
                try await shelf.get(request.parameter("id"), caller: caller)
            },
            change(.put, .replace), change(.patch, .patch),
            route(.delete, path + "/{id}/", manage) { request, caller in
                try await shelf.delete(request.parameter("id"), caller: caller, requestID: request.id)
                return .null
            },
        ]
    }
}
