// The OpenAPI document over HTTP.

import HTTPServer
import HTTPTypes
import Identity
import JSON
import Resources

/// `GET /api/v1/openapi.json`.
struct DescriptionRoutes: Sendable {
    /// The other routes.
    let described: [Route]
    let catalog: ResourceCatalog

    var routes: [Route] {
        // The document tells of this route too, so it is described before it can be served.
        let all = described + [route(serving: [])]
        return [route(serving: APIDescription(routes: all, resources: catalog.resources).document.bytes)]
    }

    private func route(serving document: [UInt8]) -> Route {
        Route(
            .get,
            "/api/v1/openapi.json",
            access: .permission(.botUse),
            tag: "Description",
            summary: "This API as an OpenAPI 3.1 document",
            handler: { _ in .json(document) }
        )
    }
}
