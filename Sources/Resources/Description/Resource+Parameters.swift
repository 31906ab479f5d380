// The query parameters of a list, described.

import JSON

extension Resource {
    /// One entry for each parameter that a list takes; a prefix filter appears as `prefix*`.
    var listParameters: [JSONValue] {
        var parameters = [
            Self.parameter(
                "page",
                "The page, from 1.",
                ["type": "integer", "minimum": 1, "maximum": .integer(Int64(ListRequest.maximumPage)), "default": 1]
            ),
            Self.parameter(
                "page_size",
                "Rows a page.",
                [
                    "type": "integer", "minimum": 1, "maximum": .integer(Int64(ListRequest.maximumPageSize)),
                    "default": .integer(Int64(ListRequest.defaultPageSize)),
                ]
            ),
        ]
        let orderable = fields.filter(\.isOrderable).map(\.name)
        if !orderable.isEmpty {
            parameters.append(
                Self.parameter(
                    "ordering",
                    "Fields to order by, with commas; `-` before a name for descending. Possible: "
                        + orderable.joined(separator: ", ") + ".",
                    ["type": "string", "default": .string(ordering.joined(separator: ","))]
                )
            )
        }
        let searchable = fields.filter(\.isSearchable).map(\.name)
        if !searchable.isEmpty {
            parameters.append(
                Self.parameter(
                    "search",
                    "Words that all occur in " + searchable.joined(separator: ", ") + ".",
                    ["type": "string"]
                )
            )
        }
        for field in fields where field.isFilterable {
            parameters.append(
                Self.parameter(field.name, "Equal to this, or to one of several with commas.", field.filterSchema)
            )
            for suffix in FilterSuffix.allCases where suffix.fits(field) {
                let schema: JSONValue =
                    switch suffix {
                    case .isnull: ["type": "boolean"]
                    case .contains: ["type": "string"]
                    case .gte, .lte, .gt, .lt: field.scalarSchema
                    }
                parameters.append(
                    Self.parameter("\(field.name)__\(suffix.rawValue)", "The value \(suffix.meaning).", schema)
                )
            }
        }
        for filter in filters {
            switch filter.pattern {
            case .exact(let name):
                parameters.append(Self.parameter(name, filter.description, filter.schema))
            case .prefix(let prefix):
                parameters.append(Self.parameter("\(prefix)*", filter.description, filter.schema))
            }
        }
        return parameters
    }

    private static func parameter(_ name: String, _ description: String, _ schema: JSONValue) -> JSONValue {
        var parameter: JSONObject = [
            "name": .string(name), "in": "query", "required": false, "description": .string(description),
            "schema": schema,
        ]
        // Several values in one parameter, with commas.
        if schema["type"] == "array" {
            parameter["style"] = "form"
            parameter["explode"] = false
        }
        return .object(parameter)
    }
}

extension Field {
    /// The schema of the whole parameter: several values are one text with commas.
    fileprivate var filterSchema: JSONValue {
        switch type {
        case .boolean: ["type": "boolean"]
        default: ["type": "array", "items": scalarSchema]
        }
    }

    /// The schema of one value.
    fileprivate var scalarSchema: JSONValue {
        switch type {
        case .integer, .reference, .integerList, .referenceList: ["type": "integer", "format": "int64"]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .timestamp:
            ["type": "string", "description": "ISO 8601, or epoch seconds or milliseconds."]
        default:
            if let enumeration { ["type": "string", "enum": .array(enumeration)] } else { ["type": "string"] }
        }
    }
}
