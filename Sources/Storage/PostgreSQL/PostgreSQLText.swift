// Finds the parameters in a statement's text, so that NULL can be written where the server could not guess its type.

/// PostgreSQL wants to know the type of each parameter. A value tells it, NULL does not, and `$1 IS NULL OR n = $1` is
/// then refused; so a parameter that is NULL is prepared as the word NULL.
struct PostgreSQLText {
    private let bytes: [UInt8]
    /// Number and place of each parameter, in order.
    private var parameters: [(number: Int, range: Range<Int>)] = []

    init(_ sql: String) {
        bytes = Array(sql.utf8)
        scan()
    }

    /// The statement with NULL for the parameters that are NULL; throws unless it has exactly `count` parameters.
    func prepared(count: Int, isNull: (Int) -> Bool) throws(DatabaseError) -> String {
        let numbers = Set(parameters.map(\.number))
        guard numbers.count == numbers.max() ?? 0, !numbers.contains(0) else {
            throw DatabaseError(.statement, "a parameter between $1 and $\(numbers.max() ?? 0) is missing")
        }
        guard numbers.count == count else {
            throw DatabaseError(.statement, "the statement has \(numbers.count) parameters, but \(count) were given")
        }
        var result: [UInt8] = []
        var position = 0
        for parameter in parameters where isNull(parameter.number) {
            result += bytes[position..<parameter.range.lowerBound]
            result += " NULL ".utf8
            position = parameter.range.upperBound
        }
        return String(decoding: result + bytes[position...], as: UTF8.self)
    }

    /// Walks over the tokens as PostgreSQL's scanner sees them (documentation, 4.1).
    private mutating func scan() {
        var position = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "'"):
                position = endOfQuote(position, hasEscapes: false)
            case UInt8(ascii: "\""):
                position = endOfQuote(position, hasEscapes: false)
            case UInt8(ascii: "-") where byte(position + 1) == UInt8(ascii: "-"):
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
            case UInt8(ascii: "/") where byte(position + 1) == UInt8(ascii: "*"):
                position = endOfComment(position)
            case UInt8(ascii: "$"):
                position = endOfDollar(position)
            case let first where Self.beginsWord(first):
                let start = position
                while Self.continuesWord(byte(position)) { position += 1 }
                // E'…' is a string in which the backslash quotes.
                if position == start + 1, first | 0x20 == UInt8(ascii: "e"), byte(position) == UInt8(ascii: "'") {
                    position = endOfQuote(position, hasEscapes: true)
                }
            default:
                position += 1
            }
        }
    }

    private func byte(_ position: Int) -> UInt8 { position < bytes.count ? bytes[position] : 0 }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func beginsWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func continuesWord(_ byte: UInt8) -> Bool {
        beginsWord(byte) || isDigit(byte) || byte == UInt8(ascii: "$")
    }

    /// A doubled quote ends one string and begins the next, which comes to the same.
    private func endOfQuote(_ start: Int, hasEscapes: Bool) -> Int {
        var position = start + 1
        while position < bytes.count, bytes[position] != bytes[start] {
            position += hasEscapes && bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return position + 1
    }

    /// Comments nest, other than in SQLite.
    private func endOfComment(_ start: Int) -> Int {
        var position = start + 2
        var depth = 1
        while position < bytes.count, depth > 0 {
            if bytes[position] == UInt8(ascii: "*"), byte(position + 1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
            } else if bytes[position] == UInt8(ascii: "/"), byte(position + 1) == UInt8(ascii: "*") {
                depth += 1
                position += 2
            } else {
                position += 1
            }
        }
        return position
    }

    /// `$1` is a parameter, `$tag$…$tag$` a string.
    private mutating func endOfDollar(_ start: Int) -> Int {
        var position = start + 1
        while Self.isDigit(byte(position)) { position += 1 }
        if position > start + 1 {
            let number = Int(String(decoding: bytes[start + 1..<position], as: UTF8.self)) ?? 0
            parameters.append((number, start..<position))
            return position
        }
        while Self.beginsWord(byte(position)) || (position > start + 1 && Self.isDigit(byte(position))) {
            position += 1
        }
        guard byte(position) == UInt8(ascii: "$") else { return start + 1 }
        let tag = bytes[start...position]
        guard let end = bytes[(position + 1)...].firstRange(of: tag) else { return bytes.count }
        return end.upperBound
    }
}
