// The doors of limits: set them, and see what is used of them.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import JSON
import Resources

/// `/api/v1/opspilot/limit_mgmt/{limit,status}/`.
struct LimitRoutes: Sendable {
    let services: GatewayServices

    private let tag = "Limits"

    init(services: GatewayServices) {
        self.services = services
    }

    var routes: [Route] {
        let limits = services.limits
        let status = Route(
            .get,
            "/api/v1/opspilot/limit_mgmt/status/",
            access: .permission(.limitManage),
            tag: tag,
            summary: "What is used now of each limit",
            operation: LimitDescription.status,
            handler: { request in
                .success(try await limits.status(query: request.query, caller: try request.authenticated()))
            }
        )
        return ResourceRoutes(service: limits.resource, tag: tag).routes.map(inForce) + [status]
    }

    /// The same; what it writes holds before it is answered.
    private func inForce(_ route: Route) -> Route {
        guard route.method != .get else { return route }
        let limits = services.limits
        return Route(
            route.method,
            route.path,
            access: route.access,
            style: route.style,
            tag: route.tag,
            summary: route.summary,
            operation: route.operation,
            handler: { request in
                let answer = try await route.handler(request)
                await limits.changed()
                return answer
            }
        )
    }
}
