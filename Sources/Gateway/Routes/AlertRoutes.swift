// The alert module's doors: the webhook, alerts, sources.

import Alerts
import HTTPServer
import HTTPTypes
import Identity
import JSON
import Resources

/// `/api/v1/alerts/api/…` (seed sections 1.2.1 and 2.2).
struct AlertRoutes: Sendable {
    let services: GatewayServices

    private static let prefix = "/api/v1/alerts/api"

    /// Bytes of a webhook body at the most.
    static let bodyLimit = 16 << 20
    /// The same for a sender whose secret is not in a header or the query: its body is read on trust.
    static let unknownBodyLimit = 1 << 20

    var routes: [Route] {
        let alerts = services.alerts
        return [
            Route(
                .post,
                "\(Self.prefix)/receiver_data/",
                access: .webhookSecret,
                tag: "Alerts",
                summary: "Take events: the seed's format, or Alertmanager's webhook body",
                operation: AlertDescription.receive,
                handler: { try await receive($0, sourceID: nil) }
            ),
            Route(
                .post,
                "\(Self.prefix)/source/{source_id}/webhook/",
                access: .webhookSecret,
                tag: "Alerts",
                summary: "Take events of the source that the address names, for senders that can set nothing but a URL",
                operation: AlertDescription.receive,
                handler: { try await receive($0, sourceID: $0.parameter("source_id")) }
            ),
            Route(
                .get,
                "\(Self.prefix)/alerts/",
                access: .permission(.alertsView),
                tag: "Alerts",
                summary: "List alerts",
                handler: { request in
                    .success(try await alerts.list(query: request.query, caller: try request.authenticated()))
                }
            ),
            Route(
                .post,
                "\(Self.prefix)/alert_source/{id}/rotate_secret/",
                access: .permission(.alertsManage),
                tag: "Alerts",
                summary: "Give a source a new secret; it is shown this once",
                operation: AlertDescription.rotate,
                handler: { request in
                    .success(
                        try await alerts.rotateSecret(
                            id: try ResourceService.id(request.parameter("id")),
                            body: try await request.object(),
                            caller: try request.authenticated(),
                            requestID: request.id
                        )
                    )
                }
            ),
        ] + ResourceRoutes(service: alerts.sources, tag: "Alerts").routes
            + ResourceRoutes(service: alerts.alerts, tag: "Alerts").routes.filter { $0.path.hasSuffix("{id}/") }
            + ResourceRoutes(service: alerts.gaps, tag: "Alerts").routes + AlertActionRoutes(services: services).routes
    }

    private func receive(_ request: GatewayRequest, sourceID: String?) async throws -> Response {
        let secrets = Self.secrets(request.request.headers)
        let query = request.query
        let isKnown = await services.alerts.isKnownSender(secrets: secrets, query: query, sourceID: sourceID)
        let body = try await request.body(limit: isKnown ? Self.bodyLimit : Self.unknownBodyLimit)
        let reply = await services.alerts.receive(
            body: body,
            secrets: secrets,
            query: query,
            sourceID: sourceID
        )
        request.notes.set { $0.caller = reply.sourceID.map { "source:\($0)" } }
        if reply.status == 200 {
            services.observation.requests.ingested(events: reply.body["data"]?["received"]?.int ?? 0)
        }
        var headers: ResponseHeaders = [:]
        // 503 and never 429: Alertmanager tries again after the one and drops the batch after the other (ops.md 2.3).
        if reply.status == 503 { headers.add(.retryAfter, "1") }
        return .json(reply.body.bytes, status: HTTPResponse.Status(code: reply.status), headers: headers)
    }

    /// Where senders put the secret: `SECRET`, `HTTP_SECRET`, `Authorization: Bearer`, or a Basic password.
    private static func secrets(_ headers: RequestHeaders) -> [String] {
        var secrets = [headers[.secret], headers[.httpSecret]].compactMap { $0 }
        if let authorization = headers[.authorization] {
            let parts = authorization.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            switch (parts.first?.lowercased(), parts.dropFirst().first) {
            case ("bearer", let token?), ("secret", let token?): secrets.append(String(token))
            case ("basic", let encoded?):
                if let password = BasicCredentials.password(encoded) { secrets.append(password) }
            default: break
            }
        }
        return secrets
    }
}
