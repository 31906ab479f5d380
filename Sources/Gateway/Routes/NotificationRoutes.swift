// The doors of notification: channels, trying them out, and the notices that were sent or are stuck.

import HTTPServer
import HTTPTypes
import Identity
import JSON
import Notifications
import Resources

/// `/api/v1/system_mgmt/{channel,notification}/`.
struct NotificationRoutes: Sendable {
    let services: GatewayServices

    private static let prefix = "/api/v1/system_mgmt"

    var routes: [Route] {
        channelRoutes + noticeRoutes + ResourceRoutes(service: services.notifications.notifications, tag: tag).routes
            // The list has a form for those who only choose channels.
            + ResourceRoutes(service: services.channels.resource, tag: tag).routes.filter {
                !($0.method == .get && $0.path.hasSuffix("channel/"))
            }
    }

    private let tag = "Notification"

    init(services: GatewayServices) {
        self.services = services
    }

    private var channelRoutes: [Route] {
        let channels = services.channels
        return [
            Route(
                .get,
                "\(Self.prefix)/channel/",
                access: .permission(.alertsManage),
                tag: tag,
                summary: "Channels; names and types only without notification.manage",
                handler: { request in
                    .success(
                        try await channels.list(query: request.query, caller: try request.authenticated()).json
                    )
                }
            ),
            route("channel/preview/", "Render templates without sending", NotificationDescription.preview) { request in
                try channels.preview(body: try await request.object(), caller: try request.authenticated())
            },
            route("channel/{id}/test/", "Send a test message now", NotificationDescription.test) { request in
                try await channels.test(
                    id: try ResourceService.id(request.parameter("id")),
                    body: try await request.object(),
                    caller: try request.authenticated()
                )
            },
        ]
    }

    private var noticeRoutes: [Route] {
        let desk = services.notifications
        return [
            route("notification/resend/", "Send stuck notices again", NotificationDescription.resendMany) { request in
                try await desk.resend(
                    body: try await request.object(),
                    caller: try request.authenticated(),
                    requestID: request.id
                )
            },
            route("notification/{id}/resend/", "Send a notice again", NotificationDescription.resend) { request in
                try await desk.resend(
                    id: try ResourceService.id(request.parameter("id")),
                    caller: try request.authenticated(),
                    requestID: request.id
                )
            },
        ]
    }

    private func route(
        _ path: String,
        _ summary: String,
        _ operation: JSONObject,
        _ work: @escaping @Sendable (GatewayRequest) async throws -> JSONValue
    ) -> Route {
        Route(
            .post,
            "\(Self.prefix)/\(path)",
            access: .permission(.notificationManage),
            tag: tag,
            summary: summary,
            operation: operation,
            handler: { request in .success(try await work(request)) }
        )
    }
}
