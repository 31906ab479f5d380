// The paths of a resource: its verbs with parameters, bodies and answers.

import Identity
package import JSON

extension Resource {
    /// Entries for `paths`: `path/` and `path/{id}/`, as far as the resource has verbs there.
    package var openAPIPaths: JSONObject {
        var paths = JSONObject()
        let collection = item([("get", .list), ("post", .create)])
        if !collection.isEmpty { paths["\(path)/"] = .object(collection) }
        var single = item([("get", .get), ("put", .replace), ("patch", .patch), ("delete", .delete)])
        if !single.isEmpty {
            single["parameters"] = [
                ["name": "id", "in": "path", "required": true, "schema": ["type": "integer", "format": "int64"]]
            ]
            paths["\(path)/{id}/"] = .object(single)
        }
        return paths
    }

    private func item(_ verbs: [(method: String, operation: ResourceOperation)]) -> JSONObject {
        var item = JSONObject()
        for verb in verbs where operations.contains(verb.operation) { item[verb.method] = operation(verb.operation) }
        return item
    }

    private func operation(_ operation: ResourceOperation) -> JSONValue {
        let permission = operation.isWrite ? permissions.manage : permissions.view
        var description: JSONObject = [
            "operationId": .string("\(name)_\(operation.rawValue)"),
            "summary": .string(summary(operation)),
            "tags": [.string(title)],
            "x-permission": .string(permission.name),
        ]
        if operation == .list { description["parameters"] = .array(listParameters) }
        if [.create, .replace, .patch].contains(operation) {
            description["requestBody"] = [
                "required": true, "content": json(["$ref": .string("#/components/schemas/\(inputName(operation))")]),
            ]
        }
        description["responses"] = .object(responses(operation))
        return .object(description)
    }

    private func summary(_ operation: ResourceOperation) -> String {
        let noun = title.lowercased()
        return switch operation {
        case .list: "List: \(noun)"
        case .get: "Get one: \(noun)"
        case .create: "Create: \(noun)"
        case .replace: "Replace: \(noun)"
        case .patch: "Change a part of: \(noun)"
        case .delete: "Delete: \(noun)"
        }
    }

    private func responses(_ operation: ResourceOperation) -> JSONObject {
        let data: JSONValue =
            switch operation {
            case .list: ["$ref": .string("#/components/schemas/\(componentName)Page")]
            case .create where !generatedSecrets.isEmpty: creationSchema
            case .get, .create, .replace, .patch: ["$ref": .string("#/components/schemas/\(componentName)")]
            case .delete: ["type": "null"]
            }
        var responses: JSONObject = [
            "200": ["description": "Success", "content": json(Envelope.openAPISchema(data: data))]
        ]
        var failures = [("400", "A field or parameter is invalid; each is named")]
        failures += [("401", "No valid credentials"), ("403", "The permission is missing")]
        if operation != .list, operation != .create { failures.append(("404", "No such row")) }
        if operation.isWrite { failures.append(("409", "Taken, referred to, or changed meanwhile")) }
        failures.append(("503", "The store cannot answer now"))
        for (status, words) in failures {
            responses[status] = [
                "description": .string(words), "content": json(["$ref": "#/components/schemas/Error"]),
            ]
        }
        return responses
    }

    private var generatedSecrets: [Field] { fields.filter(\.isGenerated) }

    /// The row with the secrets that were made for it, shown this once.
    private var creationSchema: JSONValue {
        var properties = JSONObject()
        for field in generatedSecrets {
            properties[field.name] = [
                "type": "string", "description": "Shown only here, and only when it was made by the server.",
            ]
        }
        return [
            "allOf": [
                ["$ref": .string("#/components/schemas/\(componentName)")],
                ["type": "object", "properties": .object(properties)],
            ]
        ]
    }

    private func json(_ schema: JSONValue) -> JSONValue {
        ["application/json": ["schema": schema]]
    }
}

extension ResourceCatalog {
    /// `paths` of all resources.
    package var openAPIPaths: JSONObject {
        var paths = JSONObject()
        for resource in resources {
            for (path, item) in resource.openAPIPaths { paths[path] = item }
        }
        return paths
    }

    /// `components.schemas` of all resources, and those of the envelope.
    package var openAPISchemas: JSONObject {
        var schemas = Envelope.openAPISchemas
        for resource in resources {
            for (name, schema) in resource.openAPISchemas { schemas[name] = schema }
        }
        return schemas
    }
}
