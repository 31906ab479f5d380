// What people do with alerts, events and incidents: acts, and rows that are more than rows.

import Alerts
import HTTPServer
import HTTPTypes
import Identity
import JSON
import Resources

/// The part of `/api/v1/alerts/api/…` that `ResourceRoutes` cannot serve: bk-lite's operators, and creations that go
/// through the pipeline or bring members along.
struct AlertActionRoutes: Sendable {
    let services: GatewayServices

    private static let prefix = "/api/v1/alerts/api"

    var routes: [Route] {
        let alerts = services.alerts
        return AlertAction.allCases.map(alertAction) + IncidentAction.allCases.map(incidentAction) + [
            route(.post, "alerts/", "Create an alert by hand", AlertActionDescription.alert) { request in
                try await alerts.createAlert(
                    try await request.object(),
                    caller: try request.authenticated(),
                    requestID: request.id
                )
            },
            route(.post, "events/", "Create an event by hand", AlertActionDescription.event) { request in
                try await alerts.createEvent(
                    try await request.object(),
                    caller: try request.authenticated(),
                    requestID: request.id
                )
            },
            route(.post, "incident/", "Create an incident", AlertActionDescription.incident) { request in
                try await alerts.createIncident(
                    try await request.object(),
                    caller: try request.authenticated(),
                    requestID: request.id
                )
            },
            route(.put, "incident/{id}/", "Change an incident", AlertActionDescription.incidentChange) { request in
                try await Self.change(request, alerts, isWhole: true)
            },
            route(.patch, "incident/{id}/", "Change an incident", AlertActionDescription.incidentChange) { request in
                try await Self.change(request, alerts, isWhole: false)
            },
        ] + ResourceRoutes(service: alerts.events, tag: "Alerts").routes
            + ResourceRoutes(service: alerts.incidents, tag: "Alerts").routes
            + ResourceRoutes(service: alerts.log, tag: "Alerts").routes
    }

    private func alertAction(_ action: AlertAction) -> Route {
        let alerts = services.alerts
        return Route(
            .post,
            "\(Self.prefix)/alerts/operator/\(action.rawValue)/",
            access: .permission(.alertsManage),
            tag: "Alerts",
            summary: "Alerts: \(action.rawValue)",
            operation: AlertActionDescription.action("alert_id", givesAway: action == .assign || action == .reassign),
            handler: { request in
                let reply = try await alerts.act(
                    action,
                    body: try await request.object(),
                    caller: try request.authenticated(),
                    requestID: request.id
                )
                return .json(reply.body.bytes, status: HTTPResponse.Status(code: reply.status))
            }
        )
    }

    private func incidentAction(_ action: IncidentAction) -> Route {
        let alerts = services.alerts
        return Route(
            .post,
            "\(Self.prefix)/incident/operator/\(action.rawValue)/",
            access: .permission(.alertsManage),
            tag: "Alerts",
            summary: "Incidents: \(action.rawValue)",
            operation: AlertActionDescription.action("incident_id", givesAway: action == .assign),
            handler: { request in
                let reply = try await alerts.actOnIncidents(
                    action,
                    body: try await request.object(),
                    caller: try request.authenticated(),
                    requestID: request.id
                )
                return .json(reply.body.bytes, status: HTTPResponse.Status(code: reply.status))
            }
        )
    }

    private func route(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ summary: String,
        _ operation: JSONObject,
        _ work: @escaping @Sendable (GatewayRequest) async throws -> JSONValue
    ) -> Route {
        Route(
            method,
            "\(Self.prefix)/\(path)",
            access: .permission(.alertsManage),
            tag: "Alerts",
            summary: summary,
            operation: operation,
            handler: { request in .success(try await work(request)) }
        )
    }

    private static func change(
        _ request: GatewayRequest,
        _ alerts: AlertsService,
        isWhole: Bool
    ) async throws -> JSONValue {
        try await alerts.changeIncident(
            id: try ResourceService.id(request.parameter("id")),
            try await request.object(),
            caller: try request.authenticated(),
            isWhole: isWhole,
            requestID: request.id
        )
    }
}
