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

    /// The content of a string, where the quote that ends it stands behind `range` and no sooner. Nil for what is no such
    /// content: a quote before, an escape that is none or not whole, bytes that are no UTF-8.
    package init?(quoted range: Range<Int>, in text: ArraySlice<UInt8>) {
        let start = text.startIndex
        guard let end = try? StringScanner.scan(text.span, from: range.lowerBound - start).end,
            end == range.upperBound - start
        else { return nil }
        bytes = Array(text[range])
    }

    /// Bytes that may stand between two quotes as they are; nil for any others.
    package init?(content bytes: ArraySlice<UInt8>) {
        let text = Array(bytes) + [0x22]
        self.init(quoted: 0..<bytes.count, in: text[...])
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
