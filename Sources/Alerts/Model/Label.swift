// Labels and annotations: named texts, in the order in which they are stored.

package import JSON

/// A name and a value, from outside.
package struct Label: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

extension [Label] {
    /// The value under a name.
    package subscript(name name: String) -> String? {
        first { $0.name == name }?.value
    }

    /// Ordered by name, one for each name (the last one given wins, as in JSON).
    package var normalised: [Label] {
        var seen: [String: Int] = [:]
        var kept: [Label] = []
        for label in self {
            if let index = seen[label.name] {
                kept[index].value = label.value
            } else {
                seen[label.name] = kept.count
                kept.append(label)
            }
        }
        return kept.sorted { $0.name < $1.name }
    }

    /// `{"name":"value"}` as JSON text.
    package var jsonText: String {
        var writer = JSONWriter(capacity: 32 + count * 32)
        writer.beginObject()
        for label in self {
            writer.key(label.name)
            writer.string(label.value)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Reads what `jsonText` wrote; anything else is no labels.
    package init(jsonText text: String) {
        guard case .object(let object)? = try? JSONValue(parsing: text) else {
            self = []
            return
        }
        self = object.compactMap { key, value in value.string.map { Label(key, $0) } }
    }

    /// As a JSON object.
    package var json: JSONValue {
        var object: JSONObject = [:]
        for label in self { object[label.name] = .string(label.value) }
        return .object(object)
    }
}
