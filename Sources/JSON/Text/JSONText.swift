// Content of a JSON string as it is on the wire: escaped, without the quotes.

/// A fragment of text that is passed on without being decoded.
///
/// Fragments may be joined byte for byte, wherever the sender cut them, even between the two halves of a surrogate
/// pair: each holds whole escapes and whole UTF-8 sequences.
package struct JSONText: Sendable, Hashable {
    /// The escaped content. Whoever sets it answers for its being valid between two quotes.
    package var bytes: [UInt8]

    /// The empty text.
    package init() { bytes = [] }

    /// Escapes a text. U+0085, U+2028 and U+2029 are escaped too: line readers stumble over them in event streams.
    package init(escaping text: String) {
        bytes = []
        bytes.reserveCapacity(text.utf8.count + 8)
        Escaping.append(text, to: &bytes)
    }

    init(verbatim bytes: [UInt8]) { self.bytes = bytes }

    /// Bytes that may stand between two quotes as they are: UTF-8 without quotes, backslashes and control characters. Nil
    /// for any others, whether or not they are valid.
    package init?(plain bytes: ArraySlice<UInt8>) {
        var isASCII = true
        for byte in bytes {
            if byte < 0x20 || byte == 0x22 || byte == 0x5C { return nil }
            if byte >= 0x80 { isASCII = false }
        }
        guard isASCII || (try? UTF8Span(validating: bytes.span)) != nil else { return nil }
        self.bytes = Array(bytes)
    }

    package mutating func append(_ other: JSONText) {
        bytes.append(contentsOf: other.bytes)
    }

    /// The text it stands for. A surrogate without its other half becomes U+FFFD.
    package var decoded: String { Unescaping.decode(bytes.span, 0..<bytes.count) }

    package var isEmpty: Bool { bytes.isEmpty }

    /// The length in bytes, escaped.
    package var count: Int { bytes.count }
}
