// A checked text with its tape: the thing that views look into.

/// A parsed JSON text. Parsing checks everything (RFC 8259, UTF-8, escapes, limits) and decodes nothing.
///
/// The bytes are shared with the caller's array, not copied. A document is one reference; it lives as long as any of
/// its views.
package struct JSONDocument: Sendable {
    let storage: JSONStorage

    /// - Throws: `JSONError` with the path and byte of the first fault.
    package init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        let tape = try TapeParser.parse(bytes.span, limits: limits)
        storage = JSONStorage(bytes: bytes, tape: tape)
    }

    /// Parses a text at hand, e.g. from a database column.
    package init(parsing text: String, limits: JSONLimits = .standard) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }

    /// The text as it came.
    package var bytes: [UInt8] { storage.bytes }

    package var root: JSONView { JSONView(storage: storage, index: 0) }
}

/// One object for both arrays, so that copying a view costs one retain.
final class JSONStorage: Sendable {
    let bytes: [UInt8]
    let tape: [TapeEntry]

    init(bytes: [UInt8], tape: [TapeEntry]) {
        self.bytes = bytes
        self.tape = tape
    }
}
