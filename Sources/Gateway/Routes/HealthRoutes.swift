// Whether the gateway works, for load balancers and people.

import HTTPServer
import HTTPTypes
import JSON
import Logging
import Storage

/// `GET /api/v1/core/health/` → `{"status":"ok"}` (seed section 8, Q1), 503 when the store does not answer.
struct HealthRoutes: Sendable {
    static let path = "/api/v1/core/health/"

    let services: GatewayServices

    var routes: [Route] {
        [
            Route(
                .get,
                Self.path,
                access: .anybody,
                tag: "Health",
                summary: "Whether the gateway and its store work",
                operation: [
                    "responses": [
                        "200": ["description": "It works."], "503": ["description": "The store does not answer."],
                    ]
                ],
                handler: health
            )
        ]
    }

    @Sendable private func health(_ request: GatewayRequest) async throws -> Response {
        do {
            try await services.database.check()
            return .json(JSONValue.object(["status": "ok"]).bytes)
        } catch {
            services.logger.error("store does not answer", metadata: ["reason": "\(error)"])
            return .json(JSONValue.object(["status": "unavailable"]).bytes, status: .serviceUnavailable)
        }
    }
}
