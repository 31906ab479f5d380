// Finds the end of a string and checks everything on the way: escapes, control characters, UTF-8.

enum StringScanner {
    /// Reads from the byte after the opening quote to the closing one.
    ///
    /// - Returns: the index of the closing quote, and whether a backslash was met.
    @inline(__always)
    static func scan(_ input: Span<UInt8>, from start: Int) throws(ParseFault) -> (end: Int, hasEscapes: Bool) {
        let count = input.count
        let raw = input.bytes
        var position = start
        var hasEscapes = false
        while true {
            // Plain ASCII, eight bytes a step.
            while position &+ 8 <= count {
                let word = UInt64(
                    littleEndian: raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
                )
                let special = Word.stringSpecials(word)
                if special == 0 {
                    position &+= 8
                    continue
                }
                position &+= special.trailingZeroBitCount &>> 3
                break
            }
            guard position < count else { throw ParseFault(.unclosedString, at: count) }
            let byte = input[position]
            if byte == UInt8(ascii: "\"") { return (position, hasEscapes) }
            if byte >= 0x80 {
                position = try UTF8Check.skip(input, from: position)
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position = try skipEscape(input, from: position)
            } else if byte < 0x20 {
                throw ParseFault(.controlCharacter, at: position)
            } else {
                position &+= 1
            }
        }
    }

    /// Passes over one escape. A surrogate that stands alone is let through: see `Unescaping`.
    private static func skipEscape(_ input: Span<UInt8>, from start: Int) throws(ParseFault) -> Int {
        guard start + 1 < input.count else { throw ParseFault(.unclosedString, at: input.count) }
        switch input[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return start + 2
        case UInt8(ascii: "u"):
            for index in (start + 2)..<(start + 6) {
                guard index < input.count else { throw ParseFault(.unclosedString, at: input.count) }
                guard Hexadecimal.value(input[index]) != nil else { throw ParseFault(.invalidUnicodeEscape, at: start) }
            }
            return start + 6
        default:
            throw ParseFault(.invalidEscape, at: start)
        }
    }
}
