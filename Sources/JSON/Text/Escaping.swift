// From text to the escaped content of a string.

enum Escaping {
    /// Appends the text as content of a JSON string.
    ///
    /// Escaped are what RFC 8259 demands (`"`, `\`, U+0000–U+001F) and besides U+0085, U+2028 and U+2029: JSON allows
    /// them raw, but line readers such as Python's `splitlines` end an event of a stream there.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        append(text.utf8.span, to: &bytes)
    }

    static func append(_ input: Span<UInt8>, to bytes: inout [UInt8]) {
        let count = input.count
        let raw = input.bytes
        var copied = 0
        var position = 0
        while position < count {
            while position &+ 8 <= count {
                let word = UInt64(
                    littleEndian: raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
                )
                let special = Word.escapeSpecials(word)
                guard special == 0 else {
                    position &+= special.trailingZeroBitCount &>> 3
                    break
                }
                position &+= 8
            }
            guard position < count else { break }
            let byte = input[position]
            if byte > UInt8(ascii: "\""), byte < 0x80, byte != UInt8(ascii: "\\") {
                position &+= 1
                continue
            }
            let length = specialLength(input, position)
            if length == 0 {
                position &+= 1
                continue
            }
            copy(input, copied..<position, to: &bytes)
            escape(input, position, to: &bytes)
            position &+= length
            copied = position
        }
        copy(input, copied..<count, to: &bytes)
    }

    /// How many bytes here must be replaced by an escape; 0 for a byte that stands for itself.
    @inline(__always)
    private static func specialLength(_ input: Span<UInt8>, _ position: Int) -> Int {
        switch input[position] {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): 1
        case 0xC2 where position + 1 < input.count && input[position + 1] == 0x85: 2
        case 0xE2 where position + 2 < input.count && input[position + 1] == 0x80 && input[position + 2] & 0xFE == 0xA8:
            3
        default: 0
        }
    }

    private static func escape(_ input: Span<UInt8>, _ position: Int, to bytes: inout [UInt8]) {
        let byte = input[position]
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0xC2: bytes.append(contentsOf: "u0085".utf8)
        case 0xE2: bytes.append(contentsOf: (input[position + 2] == 0xA8 ? "u2028" : "u2029").utf8)
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(Hexadecimal.digit(byte >> 4))
            bytes.append(Hexadecimal.digit(byte & 0xF))
        }
    }

    @inline(__always)
    private static func copy(_ input: Span<UInt8>, _ range: Range<Int>, to bytes: inout [UInt8]) {
        guard !range.isEmpty else { return }
        input.extracting(range).withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }
}
