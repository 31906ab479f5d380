// What a mail server answers: lines put together to replies.

/// A reply of one or more lines (RFC 5321, section 4.2).
struct MailReply: Sendable, Equatable {
    /// 200 to 599.
    var code: Int
    /// The lines without code and line end.
    var lines: [[UInt8]]

    var isPositive: Bool { code / 100 == 2 }
    /// A refusal that stays one however often one asks.
    var isPermanentRefusal: Bool { code / 100 == 5 }

    /// Code and text in one line, without control characters, at most `limit` bytes of text.
    func text(limit: Int = 300) -> String {
        let joined = Array(lines.joined(separator: [0x20]))
        let text = String(decoding: joined, as: UTF8.self)
        var scalars = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            count += String(scalar).utf8.count
            guard count <= limit else { break }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: scalars.append(" ")
            default: scalars.append(scalar)
            }
        }
        let cleaned = String(scalars)
        return cleaned.allSatisfy { $0 == " " } ? String(code) : "\(code) \(cleaned)"
    }
}

/// Puts replies together from bytes as they come.
struct MailReplyReader {
    enum Result: Equatable {
        /// The rest has not come yet.
        case more
        case reply(MailReply)
        /// Not a reply line, or lines of one reply with different codes.
        case malformed
        /// More bytes than a server has reason to say.
        case tooLong
    }

    /// Upper bound for everything that the server says.
    let limit: Int
    private var bytesSeen = 0
    private var buffer: [UInt8] = []
    private var code: Int?
    private var lines: [[UInt8]] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// Bytes of a further reply are there already.
    var hasMore: Bool { !buffer.isEmpty }

    mutating func append(_ bytes: some Collection<UInt8>) {
        bytesSeen += bytes.count
        if bytesSeen <= limit { buffer.append(contentsOf: bytes) }
    }

    /// The next whole reply.
    mutating func next() -> Result {
        guard bytesSeen <= limit else { return .tooLong }
        while let end = buffer.firstIndex(of: 0x0A) {
            var line = buffer[..<end]
            if line.last == 0x0D { line.removeLast() }
            let content = Array(line)
            buffer.removeSubrange(...end)
            guard let code = Self.code(content), self.code == nil || self.code == code else {
                forget()
                return .malformed
            }
            lines.append(Array(content.dropFirst(4)))
            guard content.count > 3, content[3] == 0x2D else {
                defer { forget() }
                return .reply(MailReply(code: code, lines: lines))
            }
            self.code = code
        }
        return .more
    }

    private mutating func forget() {
        code = nil
        lines = []
    }

    /// Three digits, then a space, a hyphen or nothing.
    private static func code(_ line: [UInt8]) -> Int? {
        guard line.count >= 3, line.count == 3 || line[3] == 0x20 || line[3] == 0x2D else { return nil }
        let digits = line.prefix(3).map { Int($0) - 0x30 }
        guard digits.allSatisfy({ (0...9).contains($0) }), (2...5).contains(digits[0]) else { return nil }
        return digits[0] * 100 + digits[1] * 10 + digits[2]
    }
}

/// What a server said in answer to EHLO.
struct MailCapabilities: Sendable, Equatable {
    /// It knows the SIZE parameter (RFC 1870).
    var knowsSize = false
    /// The largest message it takes; nil when it did not say.
    var sizeLimit: Int?

    init() {}

    init(_ reply: MailReply) {
        for line in reply.lines.dropFirst() {
            let words = String(decoding: line, as: UTF8.self).uppercased().split(separator: " ")
            guard words.first == "SIZE" else { continue }
            knowsSize = true
            // Zero says that there is no fixed limit.
            sizeLimit = words.dropFirst().first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        }
    }
}
