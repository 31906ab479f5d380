// The OpenAPI document over HTTP.

import Hummingbird
import Identity
import JSON

/// `GET /api/v1/openapi.json`.
struct DescriptionRoutes: Sendable {
    /// The other routes.
    let described: [Route]

    var routes: [Route] {
        let document = APIDescription(routes: described, resources: AlertRoutes.resources).document.bytes
        return [
            Route(
                .get,
                "/api/v1/openapi.json",
                access: .permission(.botUse),
                tag: "Description",
                summary: "This API as an OpenAPI 3.1 document",
                handler: { _ in .json(document) }
            )
        ]
    }
}
