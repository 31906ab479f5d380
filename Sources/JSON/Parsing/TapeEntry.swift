// One value or key of a parsed text: where it stands and where the next one is.

/// The tape is the text in document order, an entry for each value and each key. An object's entry is followed by
/// key, value, key, value …, an array's by its elements. 16 bytes each.
struct TapeEntry: Sendable {
    /// The first byte, of a string its opening quote.
    var start: UInt32
    /// One past the last byte, of a string its closing quote.
    var end: UInt32
    /// The tape index after this value and all it contains. While a container is open: the index of its parent plus
    /// one, so the tape is also the parser's stack.
    var next: UInt32
    var kind: JSONKind
    /// A string that holds at least one backslash.
    var hasEscapes: Bool

    @inline(__always)
    init(_ kind: JSONKind, from start: Int, to end: Int, next: Int, hasEscapes: Bool = false) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
        self.next = UInt32(truncatingIfNeeded: next)
        self.kind = kind
        self.hasEscapes = hasEscapes
    }

    @inline(__always)
    var range: Range<Int> { Range(uncheckedBounds: (Int(start), Int(end))) }

    /// Of a string: the bytes between the quotes.
    @inline(__always)
    var content: Range<Int> { Range(uncheckedBounds: (Int(start) + 1, Int(end) - 1)) }
}
