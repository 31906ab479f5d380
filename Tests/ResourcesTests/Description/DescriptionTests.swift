// The OpenAPI fragments hang together, and the envelope has the shape that clients expect.

import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct DescriptionTests {
    private func references(in value: JSONValue) -> [String] {
        switch value {
        case .object(let object):
            object.flatMap { key, value in
                if key == "$ref", let target = value.string { [target] } else { references(in: value) }
            }
        case .array(let elements): elements.flatMap { references(in: $0) }
        default: []
        }
    }

    @Test func pathsAndComponentsHangTogether() throws {
        let catalog = try Library.catalog()
        let schemas = catalog.openAPISchemas
        let paths = catalog.openAPIPaths
        #expect(
            Set(paths.keys)
                == Set(
                    ["shelf", "kind", "book"].flatMap {
                        ["/api/v1/library/\($0)/", "/api/v1/library/\($0)/{id}/"]
                    }
                )
        )
        let used = references(in: .object(paths)) + references(in: .object(schemas))
        #expect(!used.isEmpty)
        for reference in used {
            let name = reference.replacing("#/components/schemas/", with: "")
            #expect(schemas[name] != nil, "\(reference)")
        }
        var operations: [String] = []
        for (_, item) in paths {
            for (method, operation) in item.object ?? [:] where method != "parameters" {
                operations.append(operation["operationId"]?.string ?? "")
                #expect(operation["x-permission"]?.string?.isEmpty == false)
                #expect(operation["responses"]?["200"] != nil && operation["responses"]?["403"] != nil)
                #expect((operation["requestBody"] != nil) == ["post", "put", "patch"].contains(method))
            }
        }
        #expect(operations.count == 18 && Set(operations).count == 18)
        // What is described is JSON, as written.
        #expect(try JSONValue(parsing: JSONValue.object(paths).text) == .object(paths))
    }

    @Test func parametersAreThoseThatAreTaken() throws {
        let list = try #require(Library.book.openAPIPaths["/api/v1/library/book/"]?["get"]?["parameters"]?.array)
        let names = list.compactMap { $0["name"]?.string }
        #expect(Set(names).count == names.count)
        for name in [
            "page", "page_size", "ordering", "search", "title", "title__contains", "pages__gte", "pages__isnull",
            "label.*", "mine", "team", "tags",
        ] {
            #expect(names.contains(name), "\(name)")
        }
        #expect(!names.contains("key") && !names.contains("labels") && !names.contains("title__isnull"))
        let values = [
            "ordering": "title", "level": "info", "in_print": "true", "pages": "1", "price": "1",
            "published": "1000000000",
            "shelf": "1", "scores": "1", "id": "1", "team": "1", "created_at": "1000000000", "updated_at": "1000000000",
        ]
        for name in names where !["page", "page_size"].contains(name) {
            let field = String(name.split(separator: "_", maxSplits: 0).first ?? "").replacing("__isnull", with: "")
            let base = field.firstRange(of: "__").map { String(field[..<$0.lowerBound]) } ?? field
            let value = name.hasSuffix("__isnull") || name == "mine" ? "true" : values[base] ?? "x"
            let parameter = name.replacing("*", with: "x")
            _ = try Library.book.listRequest([(parameter, value)], caller: .alice, dialect: .sqlite)
        }
    }

    @Test func schemasSayWhatBodiesTake() throws {
        let schemas = Library.book.openAPISchemas
        #expect(Set(schemas.keys) == ["Book", "BookPage", "BookCreate", "BookReplace", "BookPatch"])
        let output = try #require(schemas["Book"]?["properties"]?.object)
        #expect(output["key"] == nil)
        #expect(output["title_length"]?["readOnly"] == true)
        #expect(output["note"]?["type"] == ["string", "null"])
        #expect(output["published"]?["format"] == "date-time")
        let create = try #require(schemas["BookCreate"])
        #expect(create["required"] == ["title"])
        #expect(create["additionalProperties"] == false)
        #expect(create["properties"]?["key"]?["writeOnly"] == true)
        #expect(create["properties"]?["sold"] == nil)
        #expect(create["properties"]?["level"]?["enum"] == ["critical", "warning", "info"])
        #expect(create["properties"]?["level"]?["default"] == "info")
        #expect(schemas["BookPatch"]?["required"] == [])
        #expect(Library.kind.openAPIPaths["/api/v1/library/kind/"]?["post"] != nil)
        var readOnly = Library.kind
        readOnly.operations = [.list]
        #expect(readOnly.openAPIPaths.keys == ["/api/v1/library/kind/"])
        #expect(Set(readOnly.openAPISchemas.keys) == ["Kind", "KindPage"])
    }

    @Test func envelopes() throws {
        #expect(Envelope.success(["a": 1]).text == #"{"code":0,"message":"success","data":{"a":1}}"#)
        let raw = Envelope.success(rawData: Array(#"{"a":1}"#.utf8))
        #expect(String(decoding: raw, as: UTF8.self) == #"{"code":0,"message":"success","data":{"a":1}}"#)
        let one = Envelope.failure(ResourceError.invalid("name", "is required"))
        #expect(
            one.text
                == #"{"code":400,"message":"name: is required","data":null,"errors":[{"field":"name","message":"is required"}]}"#
        )
        let two = ResourceError.invalid([FieldError("a", "x"), FieldError("b", "y")])
        #expect(Envelope.failure(two)["message"] == "2 fields are invalid")
        #expect(Envelope.failure(two)["errors"]?.array?.count == 2)
        let cases: [(ResourceError, JSONValue)] = [
            (.notFound, 404), (.forbidden(.alertsManage), 403), (.notAllowed(.delete), 405),
            (.conflict(message: "taken", errors: []), 409),
        ]
        for (error, code) in cases {
            let body = Envelope.failure(error)
            #expect(body["code"] == code && body["data"] == JSONValue.null && body["errors"] == [])
            #expect(body["message"]?.string?.isEmpty == false)
        }
    }
}
