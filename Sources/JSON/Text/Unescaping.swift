// From the escaped content of a string to the text it stands for.

/// Reads escaped content piece by piece.
///
/// `\uD83D\uDE00` is one character. A surrogate that stands alone stands for U+FFFD, the replacement character: texts
/// with one are accepted, because a pair may be split over two fragments of a stream and is whole again once they are
/// joined. A backslash that begins no escape, possible only in bytes that did not come from a checked document, stands
/// for itself. So the text never is longer in UTF-8 than its escaped form.
enum Unescaping {
    enum Piece {
        case end
        /// Bytes that stand for themselves.
        case run(Range<Int>)
        case scalar(UInt32)
    }

    /// The text of the bytes in `range`.
    static func decode(_ input: Span<UInt8>, _ range: Range<Int>) -> String {
        String(unsafeUninitializedCapacity: range.count) { buffer in
            var count = 0
            var position = range.lowerBound
            while true {
                switch next(input, at: &position, end: range.upperBound) {
                case .end: return count
                case .run(let run):
                    input.extracting(run).withUnsafeBufferPointer { bytes in
                        _ = UnsafeMutableBufferPointer(rebasing: buffer[count...]).update(fromContentsOf: bytes)
                    }
                    count += run.count
                case .scalar(let value):
                    let (bytes, length) = encode(value)
                    for index in 0..<length { buffer[count + index] = UInt8(truncatingIfNeeded: bytes >> (8 * index)) }
                    count += length
                }
            }
        }
    }

    /// Whether the bytes in `range` stand for exactly these bytes of UTF-8. Allocates nothing.
    static func equals(_ input: Span<UInt8>, _ range: Range<Int>, _ other: Span<UInt8>) -> Bool {
        var compared = 0
        var position = range.lowerBound
        while true {
            switch next(input, at: &position, end: range.upperBound) {
            case .end: return compared == other.count
            case .run(let run):
                guard run.count <= other.count - compared else { return false }
                for index in run {
                    guard input[index] == other[compared] else { return false }
                    compared += 1
                }
            case .scalar(let value):
                let (bytes, length) = encode(value)
                guard length <= other.count - compared else { return false }
                for index in 0..<length {
                    guard other[compared] == UInt8(truncatingIfNeeded: bytes >> (8 * index)) else { return false }
                    compared += 1
                }
            }
        }
    }

    private static func next(_ input: Span<UInt8>, at position: inout Int, end: Int) -> Piece {
        let start = position
        guard start < end else { return .end }
        if input[start] == UInt8(ascii: "\\"), let (value, length) = escape(input, at: start, end: end) {
            position = start + length
            return .scalar(value)
        }
        position += 1
        while position &+ 8 <= end {
            let word = UInt64(
                littleEndian: input.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
            )
            let found = Word.backslashes(word)
            if found != 0 {
                position &+= found.trailingZeroBitCount &>> 3
                return .run(start..<position)
            }
            position &+= 8
        }
        while position < end, input[position] != UInt8(ascii: "\\") { position += 1 }
        return .run(start..<position)
    }

    private static func escape(_ input: Span<UInt8>, at start: Int, end: Int) -> (value: UInt32, length: Int)? {
        guard start + 1 < end else { return nil }
        switch input[start + 1] {
        case UInt8(ascii: "\""): return (0x22, 2)
        case UInt8(ascii: "\\"): return (0x5C, 2)
        case UInt8(ascii: "/"): return (0x2F, 2)
        case UInt8(ascii: "b"): return (0x08, 2)
        case UInt8(ascii: "f"): return (0x0C, 2)
        case UInt8(ascii: "n"): return (0x0A, 2)
        case UInt8(ascii: "r"): return (0x0D, 2)
        case UInt8(ascii: "t"): return (0x09, 2)
        case UInt8(ascii: "u"): break
        default: return nil
        }
        guard let unit = codeUnit(input, at: start, end: end) else { return nil }
        if unit & 0xFC00 == 0xD800, let low = codeUnit(input, at: start + 6, end: end), low & 0xFC00 == 0xDC00 {
            return (0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), 12)
        }
        return (unit & 0xF800 == 0xD800 ? 0xFFFD : unit, 6)
    }

    /// The code unit of a `\uXXXX` that stands here.
    private static func codeUnit(_ input: Span<UInt8>, at start: Int, end: Int) -> UInt32? {
        guard start + 6 <= end, input[start] == UInt8(ascii: "\\"), input[start + 1] == UInt8(ascii: "u") else {
            return nil
        }
        var unit: UInt32 = 0
        for index in (start + 2)..<(start + 6) {
            guard let digit = Hexadecimal.value(input[index]) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }

    /// UTF-8 of a scalar value, first byte lowest.
    private static func encode(_ value: UInt32) -> (bytes: UInt32, length: Int) {
        switch value {
        case ..<0x80: (value, 1)
        case ..<0x800: (0x80C0 | value >> 6 | (value & 0x3F) << 8, 2)
        case ..<0x10000: (0x8080E0 | value >> 12 | (value >> 6 & 0x3F) << 8 | (value & 0x3F) << 16, 3)
        default:
            (
                0x8080_80F0 | value >> 18 | (value >> 12 & 0x3F) << 8 | (value >> 6 & 0x3F) << 16
                    | (value & 0x3F) << 24, 4
            )
        }
    }
}
