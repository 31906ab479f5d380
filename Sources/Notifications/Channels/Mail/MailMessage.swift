// A mail as bytes: headers that cannot be broken out of, a text and perhaps HTML beside it.

import FoundationEssentials

/// A message of RFC 5322 with MIME parts, written by a program for people: UTF-8 texts in base64, so that every line is
/// short, ASCII and nobody's to change on the way.
package struct MailMessage: Sendable {
    /// An address, with or without display name (see `MailAddress`).
    package var from: String
    /// Addresses; what is none is left out of the header.
    package var to: [String]
    package var subject: String
    package var text: String
    /// A second form of the same message; the reader's program chooses. Nil for text alone.
    package var html: String?
    /// `unique@host`, with or without angle brackets. The same for every attempt at the same message: it is by this that
    /// a mail sent twice is recognised.
    package var messageID: String
    /// Epoch milliseconds, UTC.
    package var date: Int64
    /// Further fields, such as `In-Reply-To`. Those that the message writes itself, and names that are none, are left
    /// out.
    package var headers: [(String, String)]

    package init(
        from: String,
        to: [String],
        subject: String,
        text: String,
        html: String? = nil,
        messageID: String,
        date: Int64,
        headers: [(String, String)] = []
    ) {
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.messageID = messageID
        self.date = date
        self.headers = headers
    }

    /// The whole message: ASCII, CRLF at every line's end, no line over 998 bytes and hardly one over 76.
    package func bytes() -> [UInt8] {
        var head = "Date: \(MailDate.text(date))\r\n"
        head += MailHeader.addresses("From", [sender])
        let receivers = to.compactMap { try? MailAddress($0) }
        // A group without members (RFC 5322, section 3.6.3): the field must not be empty.
        head += receivers.isEmpty ? "To: undisclosed-recipients:;\r\n" : MailHeader.addresses("To", receivers)
        head += MailHeader.unstructured("Subject", subject)
        head += "Message-ID: <\(Self.identifier(messageID))>\r\n"
        for (name, value) in headers where Self.isFree(name) {
            head += MailHeader.unstructured(name, value, longestWord: 300)
        }
        // Keeps holiday notices and other answering programs quiet (RFC 3834, section 5).
        head += "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        guard let html else { return Array((head + Self.part("plain", text)).utf8) }
        let boundary = Self.boundary
        head += "Content-Type: multipart/alternative; boundary=\"\(boundary)\"\r\n\r\n"
        // The last form is the one that is preferred (RFC 2046, section 5.1.4).
        for part in [Self.part("plain", text), Self.part("html", html)] { head += "--\(boundary)\r\n\(part)" }
        return Array((head + "--\(boundary)--\r\n").utf8)
    }

    // MARK: - Parts

    /// Cannot occur in the parts: base64 has no underscore.
    private static let boundary = "=_opsgate_alternative"

    /// The field must be there; the envelope's check is what keeps such a mail from being sent.
    private var sender: MailAddress {
        (try? MailAddress(from)) ?? .unknown
    }

    private static func part(_ kind: String, _ text: String) -> String {
        "Content-Type: text/\(kind); charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64(text)
    }

    /// The text in its canonical form, with CRLF (RFC 2045, section 6.8) and without NUL, in lines of 76 characters.
    private static func base64(_ text: String) -> String {
        var bytes: [UInt8] = []
        var last: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case 0: continue
            case 0x0D: bytes += [0x0D, 0x0A]
            case 0x0A: if last != 0x0D { bytes += [0x0D, 0x0A] }
            default: bytes.append(byte)
            }
            last = byte
        }
        var result = ""
        result.reserveCapacity(bytes.count / 57 * 78 + 80)
        for start in stride(from: 0, to: bytes.count, by: 57) {
            result += Data(bytes[start..<min(start + 57, bytes.count)]).base64EncodedString() + "\r\n"
        }
        return result
    }

    /// What can stand between the angle brackets of a Message-ID: dot-atoms around one at sign, at most 200 bytes.
    /// Anything else in it becomes a hyphen, the same one for the same identifier.
    private static func identifier(_ text: String) -> String {
        var bytes = Array(text.utf8)
        if bytes.first == 0x3C { bytes.removeFirst() }
        if bytes.last == 0x3E { bytes.removeLast() }
        let at = bytes.lastIndex(of: 0x40)
        let left = atoms(bytes[..<(at ?? bytes.endIndex)])
        let right = at.map { atoms(bytes[($0 + 1)...]) } ?? ""
        return "\(left.isEmpty ? "unknown" : left)@\(right.isEmpty ? "opsgate.invalid" : right)"
    }

    private static func atoms(_ bytes: ArraySlice<UInt8>) -> String {
        let safe = bytes.prefix(100).map { MailAddress.isAtomByte($0) || $0 == 0x2E ? $0 : 0x2D }
        return safe.split(separator: 0x2E).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
    }

    /// Whether a caller may set a field: its name is one (RFC 5322, section 3.6.8) and not ours.
    private static func isFree(_ name: String) -> Bool {
        let lowered = name.lowercased()
        guard !name.isEmpty, name.utf8.count <= 60, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3A })
        else { return false }
        return !ours.contains(lowered) && !lowered.hasPrefix("content-") && !lowered.hasPrefix("resent-")
    }

    private static let ours: Set<String> = [
        "date", "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "message-id", "mime-version",
        "auto-submitted",
        "received", "return-path",
    ]
}
