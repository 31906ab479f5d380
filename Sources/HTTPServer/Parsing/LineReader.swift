// The lines of a head, and what may be asked of a piece of one.

import Glibc

/// Reads lines that end with CR LF, and with nothing else.
struct LineReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next line without its end; nil behind the last one.
    mutating func next() throws(ParseFault) -> Range<Int>? {
        guard position < bytes.count else { return nil }
        guard let end = bytes.index(of: ASCII.lineFeed, from: position), end > position,
            bytes[end - 1] == ASCII.carriageReturn
        else { throw .malformed }
        defer { position = end + 1 }
        return position..<end - 1
    }

}

extension UnsafeRawBufferPointer {
    /// Where that byte stands first.
    func index(of byte: UInt8, from start: Int) -> Int? {
        guard let base = baseAddress, start < count else { return nil }
        guard let found = memchr(base + start, Int32(byte), count - start) else { return nil }
        return UnsafeRawPointer(found) - base
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// Whether this is that text, in whatever case; `text` is in lower case.
    func isText(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<count where ASCII.lowercase(self[startIndex + offset]) != text.utf8Start[offset] {
            return false
        }
        return true
    }

    /// Whether this is a target in one of its forms (RFC 9112 section 3.2): a path, a whole address, or `*`. Those of
    /// CONNECT name a host; there is nothing here that could be reached by them.
    var isTarget: Bool {
        guard let first else { return false }
        return first == ASCII.slash || (count == 1 && first == ASCII.asterisk) || prefix(7).isText("http://")
            || prefix(8).isText("https://")
    }

    /// Without the blanks around it.
    var trimmed: Self {
        var piece = self
        while let first = piece.first, first == ASCII.space || first == ASCII.tab { piece = piece.dropFirst() }
        while let last = piece.last, last == ASCII.space || last == ASCII.tab { piece = piece.dropLast() }
        return piece
    }

    /// A number of digits only, below 10^18.
    var decimal: Int? {
        guard !isEmpty, count <= 18, allSatisfy(ASCII.isDigit) else { return nil }
        return reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
