// The header fields of an answer, kept as they are sent: most are written once and never looked at.

package import HTTPTypes

/// Header fields in the order in which they were added. Those that tell where a body ends, `connection` and `date` are
/// the server's own to say and not for here.
package struct ResponseHeaders: Sendable, Equatable {
    /// Field after field, each with its line's end.
    private(set) var lines: [UInt8] = []

    package init() {}

    package var isEmpty: Bool { lines.isEmpty }

    /// Adds a field, whether or not there is one of that name. What would end its line becomes a blank.
    package mutating func add(_ name: HTTPField.Name, _ value: String) {
        assert(!Self.serversOwn.contains(name.canonicalName))
        // As much as most answers have.
        if lines.isEmpty { lines.reserveCapacity(512) }
        lines.append(text: name.rawName)
        lines.append(": ")
        let start = lines.count
        lines.append(text: value)
        for index in start..<lines.count where !ASCII.isFieldContent(lines[index]) { lines[index] = ASCII.space }
        lines.append("\r\n")
    }

    private static let serversOwn: Set<String> = ["content-length", "transfer-encoding", "connection", "date"]

    /// Adds all fields of another list behind these.
    package mutating func append(_ others: ResponseHeaders) {
        lines.append(contentsOf: others.lines)
    }

    /// The values of all fields of that name, in order.
    package func values(_ name: HTTPField.Name) -> [String] {
        fields.filter { $0.name == name.canonicalName }.map(\.value)
    }

    /// All values of that name as one list (RFC 9110 section 5.3).
    package subscript(_ name: HTTPField.Name) -> String? {
        let values = values(name)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// Removes all fields of that name.
    package mutating func remove(_ name: HTTPField.Name) {
        let kept = fields.filter { $0.name != name.canonicalName }
        lines = kept.flatMap { Array("\($0.name): \($0.value)\r\n".utf8) }
    }

    /// All fields, their names in lower case. Read anew each time: few ask.
    package var fields: [(name: String, value: String)] {
        lines.split(separator: ASCII.lineFeed).map { line in
            let colon = line.firstIndex(of: ASCII.colon) ?? line.endIndex
            return (
                String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                String(decoding: line[colon...].dropFirst(2).dropLast(), as: UTF8.self)
            )
        }
    }
}

extension ResponseHeaders: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (HTTPField.Name, String)...) {
        for (name, value) in elements { add(name, value) }
    }
}
