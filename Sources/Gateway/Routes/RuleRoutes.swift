// The doors of what decides about alerts: shields, assignments, aggregation and correlation rules, levels.

import Alerts
import HTTPServer
import HTTPTypes
import Identity
import Resources

/// `/api/v1/alerts/api/{shield,assignment,aggregation_rule,correlation_rule,level}/` (seed section 1.2.1).
struct RuleRoutes: Sendable {
    let services: GatewayServices

    var routes: [Route] {
        let rules = services.rules
        return [
            Route(
                .post,
                "/api/v1/alerts/api/shield/preview/",
                access: .permission(.alertsView),
                tag: "Alerts",
                summary: "Count what a shield would hide",
                operation: NotificationDescription.shieldPreview,
                handler: { request in
                    .success(
                        try await rules.previewShield(
                            try await request.object(),
                            caller: try request.authenticated()
                        )
                    )
                }
            )
        ] + rules.all.flatMap { ResourceRoutes(service: $0, tag: "Alerts").routes }
    }
}
