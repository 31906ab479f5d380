// Where a body ends, and where an event of a stream does.

/// What is left of a response body (RFC 9112, section 6.3).
enum BodyFraming: Equatable {
    case none
    case length(Int)
    case chunked(left: Int)
    case untilClose
    case done

    init(head: ProbeHead, method: String) throws {
        if method == "HEAD" || head.status == 204 || head.status == 304 || head.status == 101 {
            self = .none
        } else if let coding = head["transfer-encoding"] {
            guard coding.lowercased() == "chunked" else { throw SupportError("transfer coding \(coding)") }
            self = .chunked(left: 0)
        } else if let text = head["content-length"] {
            guard let length = Int(text), length >= 0 else { throw SupportError("Content-Length: \(text)") }
            self = .length(length)
        } else {
            self = .untilClose
        }
    }
}

/// The blank line between two events, in any of the three line ends.
enum EventBorder {
    private static let borders: [[UInt8]] = [Array("\n\n".utf8), Array("\r\n\r\n".utf8), Array("\r\r".utf8)]

    /// The first border at or after the offset.
    static func find(in bytes: [UInt8], from offset: Int) -> Range<Int>? {
        var position = offset
        while position < bytes.count {
            for border in borders where bytes[position] == border[0] && bytes[position...].starts(with: border) {
                return position..<(position + border.count)
            }
            position += 1
        }
        return nil
    }
}
