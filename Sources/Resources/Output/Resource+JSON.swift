// From a record to the JSON that answers show. Secrets have no way through here.

package import Identity
package import JSON
package import Storage

extension Field {
    /// A stored value as JSON. A secret is null whatever it is.
    func json(_ value: SQLValue) -> JSONValue {
        if value == .null { return .null }
        switch (type, value) {
        case (.secret, _), (.secretList, _):
            return .null
        case (.boolean, .integer(let number)):
            return .bool(number != 0)
        case (.boolean, .boolean(let flag)):
            return .bool(flag)
        case (.timestamp, .integer(let milliseconds)):
            return Timestamp(milliseconds: milliseconds).json
        case (.configuration, .text(let text)):
            // Text that is no JSON could hold a secret: it is not shown.
            return (try? JSONValue(parsing: text))?.replacingSealed { .string($0.shown) } ?? .null
        case (.object, .text(let text)), (.array, .text(let text)), (.stringList, .text(let text)),
            (.integerList, .text(let text)), (.referenceList, .text(let text)):
            // Only JSON was ever stored; text that is none (edited by hand) is shown as a string rather than lost.
            return (try? JSONValue(parsing: text)) ?? .string(text)
        case (.number, .integer(let number)):
            return .number(JSONNumber(Double(number)))
        case (_, .integer(let number)):
            return .integer(number)
        case (_, .real(let number)):
            return .number(JSONNumber(number))
        case (_, .text(let text)):
            return .string(text)
        case (_, .boolean(let flag)):
            return .bool(flag)
        case (_, .blob), (_, .null):
            return .null
        }
    }
}

extension Resource {
    /// Records as the objects of an answer, computed members included.
    package func objects(
        _ records: [ResourceRecord],
        _ connection: any SQLConnection,
        _ caller: Caller
    ) throws -> [JSONObject] {
        let visible = visibleFields
        var objects = records.map { record in
            var object = JSONObject()
            for field in visible { object[field.name] = field.json(record[field.name]) }
            return object
        }
        for computed in computed {
            let values = try computed.values(records, connection, caller)
            for index in objects.indices {
                objects[index][computed.name] = values.indices.contains(index) ? values[index] : .null
            }
        }
        return objects
    }
}
