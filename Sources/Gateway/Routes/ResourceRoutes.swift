// The REST routes of a declared resource.

import HTTPServer
import HTTPTypes
import JSON
import Resources

/// GET, POST, PUT, PATCH and DELETE of one resource, as far as its declaration allows; the work is `ResourceService`'s.
struct ResourceRoutes: Sendable {
    let service: ResourceService
    let tag: String

    var routes: [Route] {
        let resource = service.resource
        let view = Access.permission(resource.permissions.view)
        let manage = Access.permission(resource.permissions.manage)
        let all: [(ResourceOperation, Route)] = [
            (
                .list,
                route(.get, resource.path + "/", view) { request in
                    .success(try await service.list(query: request.query, caller: try request.authenticated()).json)
                }
            ),
            (
                .create,
                route(.post, resource.path + "/", manage) { request in
                    .success(
                        try await service.create(
                            try await request.object(),
                            caller: try request.authenticated(),
                            requestID: request.id
                        )
                    )
                }
            ),
            (
                .get,
                route(.get, resource.path + "/{id}/", view) { request in
                    .success(try await service.get(id: try Self.id(request), caller: try request.authenticated()))
                }
            ),
            (
                .replace,
                route(.put, resource.path + "/{id}/", manage) { request in
                    .success(
                        try await service.replace(
                            id: try Self.id(request),
                            try await request.object(),
                            caller: try request.authenticated(),
                            requestID: request.id
                        )
                    )
                }
            ),
            (
                .patch,
                route(.patch, resource.path + "/{id}/", manage) { request in
                    .success(
                        try await service.patch(
                            id: try Self.id(request),
                            try await request.object(),
                            caller: try request.authenticated(),
                            requestID: request.id
                        )
                    )
                }
            ),
            (
                .delete,
                route(.delete, resource.path + "/{id}/", manage) { request in
                    try await service.delete(
                        id: try Self.id(request),
                        caller: try request.authenticated(),
                        requestID: request.id
                    )
                    return .success(.null)
                }
            ),
        ]
        return all.filter { resource.operations.contains($0.0) }.map(\.1)
    }

    /// The OpenAPI operation comes from the resource itself: `APIDescription` asks it for whole paths.
    private func route(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ access: Access,
        handler: @escaping Route.Handler
    ) -> Route {
        Route(method, path, access: access, tag: tag, summary: service.resource.title, handler: handler)
    }

    private static func id(_ request: GatewayRequest) throws -> Int64 {
        try ResourceService.id(request.parameter("id"))
    }
}
