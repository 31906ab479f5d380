// The OpenAPI document, made from the table of routes and the resources' declarations.

import HTTPTypes
import Identity
import JSON
import Resources

/// `GET /api/v1/openapi.json`: what the server serves, since it is made from what it serves.
struct APIDescription: Sendable {
    let routes: [Route]
    let resources: [Resource]

    var document: JSONValue {
        var paths: JSONObject = [:]
        var schemas: JSONObject = CommonSchemas.all
        for resource in resources {
            for (path, item) in resource.openAPIPaths { paths[path] = item }
            for (name, schema) in resource.openAPISchemas { schemas[name] = schema }
        }
        for route in routes {
            let path = route.path.replacingCatchAll
            var item = paths[path]?.object ?? [:]
            let method = route.method.rawValue.lowercased()
            let told = operation(of: route)
            // A resource describes its own verbs in more detail than the table could, but not who may use them.
            if var own = item[method]?.object {
                own["security"] = told["security"]
                own["x-permission"] = told["x-permission"]
                item[method] = .object(own)
            } else {
                item[method] = told
            }
            paths[path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "OpsGate",
                "version": .string(ProgramVersion.current),
                "description": "An OpenAI-compatible AI gateway with ops tool-calling.",
            ],
            "servers": [["url": "/"]],
            "paths": .object(paths),
            "components": [
                "schemas": .object(schemas),
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer", "description": "An API secret or a token."],
                    "apiKey": ["type": "apiKey", "in": "header", "name": "x-api-key"],
                    "apiAuthorization": ["type": "apiKey", "in": "header", "name": "Api-Authorization"],
                    "webhookSecret": ["type": "apiKey", "in": "header", "name": "SECRET"],
                ],
            ],
        ]
    }

    private func operation(of route: Route) -> JSONValue {
        var operation: JSONObject = ["tags": [.string(route.tag)], "summary": .string(route.summary)]
        for (name, value) in route.operation { operation[name] = value }
        var parameters = operation["parameters"]?.array ?? []
        for name in route.path.replacingCatchAll.pathParameters
        where !parameters.contains(where: { $0["name"]?.string == name }) {
            parameters.append([
                "name": .string(name), "in": "path", "required": true, "schema": ["type": "string"],
            ])
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if operation["responses"] == nil { operation["responses"] = ["200": ["description": "Success."]] }
        switch route.access {
        case .anybody: operation["security"] = []
        case .webhookSecret: operation["security"] = [["webhookSecret": []], ["bearer": []]]
        case .scraper:
            operation["security"] = [["bearer": []], ["apiKey": []], ["apiAuthorization": []]]
            operation["x-permission"] = .string(Permission.usageView.name)
        case .permission(let permission):
            operation["security"] = [["bearer": []], ["apiKey": []], ["apiAuthorization": []]]
            operation["x-permission"] = .string(permission.name)
        }
        return .object(operation)
    }
}

extension String {
    fileprivate var replacingCatchAll: String { hasSuffix("/**") ? String(dropLast(2)) + "{id}" : self }

    fileprivate var pathParameters: [String] {
        split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map {
            String($0.dropFirst().dropLast())
        }
    }
}
