// What the drivers need to know of a statement's text before they prepare it.

enum StatementText {
    /// Statements that would end or nest the transaction behind the driver's back, or leave it.
    private static let transactionControl: Set<String> = [
        "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "ATTACH", "DETACH", "VACUUM",
        "PRAGMA",
    ]

    /// Why a body may not run the statement; `nil` when it may.
    static func refusal(of sql: String) -> DatabaseError? {
        let keyword = firstKeyword(of: sql)
        guard transactionControl.contains(keyword) else { return nil }
        return DatabaseError(.statement, "\(keyword) is not for bodies: the database begins and ends transactions")
    }

    /// The first word in capitals, past spaces and comments.
    static func firstKeyword(of sql: String) -> String {
        let bytes = Array(sql.utf8)
        var position = skipBlank(bytes, from: 0)
        let start = position
        while position < bytes.count, isLetter(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self).uppercased()
    }

    /// The position of the first byte that is not space, comment or semicolon.
    static func skipBlank(_ bytes: [UInt8], from start: Int) -> Int {
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            let next = position + 1 < bytes.count ? bytes[position + 1] : 0
            if byte == UInt8(ascii: " ") || (9...13).contains(byte) || byte == UInt8(ascii: ";") {
                position += 1
            } else if byte == UInt8(ascii: "-"), next == UInt8(ascii: "-") {
                while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
            } else if byte == UInt8(ascii: "/"), next == UInt8(ascii: "*") {
                position += 3  // "/*/" does not end the comment it begins
                while position < bytes.count {
                    if bytes[position] == UInt8(ascii: "/"), bytes[position - 1] == UInt8(ascii: "*") { break }
                    position += 1
                }
                position += 1
            } else {
                return position
            }
        }
        return bytes.count
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
