// Header fields of a mail: whatever the text, the field stays one field.

import FoundationEssentials

/// Writes header fields, folded, in ASCII, each with its CRLF.
///
/// Nothing in a value can begin another field or the body: control characters and line separators become spaces before
/// anything else happens, and text that is not plain ASCII goes as RFC 2047 encoded words.
enum MailHeader {
    /// A line with encoded words has at most this many characters (RFC 2047, section 2); other lines keep to it, too.
    private static let lineLimit = 76
    private static let prefix = "=?UTF-8?B?"
    private static let suffix = "?="

    /// A field of free text.
    ///
    /// - Parameter longestWord: a word of more bytes is encoded, so that it can be divided. Identifiers must not be.
    static func unstructured(_ name: String, _ value: String, longestWord: Int = 60) -> String {
        let text = cleaned(value)
        return folded(name, isPlain(text, longestWord: longestWord) ? words(text) : nil, encoding: text)
    }

    /// A field of addresses. Each name is quoted or encoded as it needs.
    static func addresses(_ name: String, _ addresses: [MailAddress]) -> String {
        var pieces: [String] = []
        for (index, address) in addresses.enumerated() {
            let end = index + 1 < addresses.count ? "," : ""
            if let display = address.name.map(cleaned), !display.isEmpty {
                pieces += phrase(display)
                pieces.append("<\(address.address)>\(end)")
            } else {
                pieces.append(address.address + end)
            }
        }
        return folded(name, pieces, encoding: "")
    }

    /// Control characters, line and paragraph separators become spaces; spaces in a row become one, none stay at the
    /// ends.
    static func cleaned(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isSpace: Bool
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: isSpace = true
            default: isSpace = scalar == " "
            }
            if !isSpace {
                scalars.append(scalar)
            } else if let last = scalars.last, last != " " {
                scalars.append(" ")
            }
        }
        if scalars.last == " " { scalars.removeLast() }
        return String(scalars)
    }

    // MARK: - Parts

    /// Whether the text can stand as it is. What looks like an encoded word would be taken for one.
    private static func isPlain(_ text: String, longestWord: Int) -> Bool {
        text.utf8.allSatisfy { $0 < 0x7F } && !text.contains("=?")
            && text.utf8.split(separator: 0x20).allSatisfy { $0.count <= longestWord }
    }

    private static func words(_ text: String) -> [String] {
        text.split(separator: " ").map(String.init)
    }

    /// A display name as one quoted string, or as encoded words.
    private static func phrase(_ name: String) -> [String] {
        guard isPlain(name, longestWord: 60), name.utf8.count <= 60 else { return encoded(name, first: lineLimit - 10) }
        let escaped = name.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return ["\"" + String(escaped) + "\""]
    }

    /// Encoded words of at most `lineLimit` characters, the first of at most `first`. None divides a character.
    private static func encoded(_ text: String, first: Int) -> [String] {
        var result: [String] = []
        var room = bytes(in: first)
        var word: [UInt8] = []
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if word.count + bytes.count > room {
                result.append(prefix + Data(word).base64EncodedString() + suffix)
                word = []
                // One for the space at the line's beginning.
                room = self.bytes(in: lineLimit - 1)
            }
            word += bytes
        }
        if !word.isEmpty { result.append(prefix + Data(word).base64EncodedString() + suffix) }
        return result
    }

    /// How many bytes fit into an encoded word of so many characters (at most 75), whole groups of four.
    private static func bytes(in characters: Int) -> Int {
        (min(75, characters) - prefix.utf8.count - suffix.utf8.count) / 4 * 3
    }

    /// Name and words with a fold wherever the line would become too long; never before the first word.
    private static func folded(_ name: String, _ words: [String]?, encoding text: String) -> String {
        let words = words ?? encoded(text, first: lineLimit - name.utf8.count - 2)
        var result = name + ":"
        var length = result.utf8.count
        for (index, word) in words.enumerated() {
            if index > 0, length + 1 + word.utf8.count > lineLimit {
                result += "\r\n"
                length = 0
            }
            result += " " + word
            length += 1 + word.utf8.count
        }
        return result + "\r\n"
    }
}
