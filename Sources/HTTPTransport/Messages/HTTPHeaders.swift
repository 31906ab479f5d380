// Header fields in the order in which they came, found by name without regard to case.

/// Header fields of a request or a response. Order and repetition are kept; names compare without regard to ASCII case
/// (RFC 9110, section 5.1).
package struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    /// All fields as they came.
    package var fields: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    /// None yet, with room for so many.
    package init(capacity: Int) {
        fields = []
        fields.reserveCapacity(capacity)
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The value of the first field of that name.
    package subscript(name: String) -> String? {
        fields.first { Self.isSame($0.name, name) }?.value
    }

    /// The values of all fields of that name, in order.
    package func values(_ name: String) -> [String] {
        fields.filter { Self.isSame($0.name, name) }.map(\.value)
    }

    /// Appends a field, whether or not there is one of that name.
    package mutating func add(_ name: String, _ value: String) {
        fields.append((name: name, value: value))
    }

    /// Replaces all fields of that name by one.
    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    /// Removes all fields of that name.
    package mutating func remove(_ name: String) {
        fields.removeAll { Self.isSame($0.name, name) }
    }

    /// Equality of two field names: ASCII letters of either case are the same.
    static func isSame(_ first: String, _ second: String) -> Bool {
        let left = first.utf8.span
        let right = second.utf8.span
        guard left.count == right.count else { return false }
        for index in left.indices where lowercased(left[index]) != lowercased(right[index]) { return false }
        return true
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
}

extension HTTPHeaders: CustomStringConvertible {
    /// Names only: values may be keys.
    package var description: String {
        fields.map(\.name).joined(separator: ", ")
    }
}

extension HTTPHeaders {
    /// Reads the field lines of a response head as libcurl hands them over: each ends with LF or CRLF. Lines without a
    /// colon are skipped, a line that starts with white space continues the one before (RFC 9112, section 5.2), bytes
    /// that are not UTF-8 are replaced.
    init(parsing bytes: [UInt8]) {
        fields = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
            let line = Self.trimmed(rest[rest.startIndex..<end])
            let isContinuation = rest.first == 0x20 || rest.first == 0x09
            rest = end == rest.endIndex ? [] : rest[(end + 1)...]
            if isContinuation, !fields.isEmpty {
                fields[fields.count - 1].value += " " + String(decoding: line, as: UTF8.self)
            } else if let colon = line.firstIndex(of: 0x3A) {
                let name = String(decoding: line[..<colon], as: UTF8.self)
                let value = String(decoding: Self.trimmed(line[(colon + 1)...]), as: UTF8.self)
                fields.append((name: name, value: value))
            }
        }
    }

    /// Without spaces, tabs and line ends on both sides.
    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var result = bytes
        while let first = result.first, isSpace(first) { result.removeFirst() }
        while let last = result.last, isSpace(last) { result.removeLast() }
        return result
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
    }
}
