// Well-formed UTF-8, as The Unicode Standard (section 3.9, table 3-7) defines it.

enum UTF8Check {
    /// Passes over all bytes from 0x80 up that follow one another; `start` stands on the first.
    ///
    /// - Returns: the index of the next ASCII byte, or the length of the text.
    static func skip(_ input: Span<UInt8>, from start: Int) throws(ParseFault) -> Int {
        let count = input.count
        let raw = input.bytes
        var position = start
        while position < count {
            // Three bytes are by far the most frequent (Chinese): two of them and one byte more in one load.
            while position &+ 4 <= count {
                let word = UInt32(
                    littleEndian: raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt32.self)
                )
                guard word & 0x00C0_C0F0 == 0x0080_80E0 else { break }
                // What is left of lead and second byte tells overlong forms (E0 80…9F) and surrogates (ED A0…BF).
                let bits = word & 0x200F
                guard bits != 0, bits != 0x200D else { throw ParseFault(.invalidUTF8, at: position) }
                position &+= 3
            }
            guard position < count else { break }
            let lead = input[position]
            if lead < 0x80 { break }
            let length = length(input, at: position)
            guard length > 0 else { throw ParseFault(.invalidUTF8, at: position) }
            position &+= length
        }
        return position
    }

    /// The length of the sequence that begins here with a byte from 0x80 up; 0 when it is ill-formed or cut off.
    static func length(_ input: Span<UInt8>, at start: Int) -> Int {
        let lead = input[start]
        let low: UInt8
        let high: UInt8
        let length: Int
        switch lead {
        case 0xC2...0xDF: (length, low, high) = (2, 0x80, 0xBF)
        case 0xE0: (length, low, high) = (3, 0xA0, 0xBF)
        case 0xED: (length, low, high) = (3, 0x80, 0x9F)
        case 0xE1...0xEF: (length, low, high) = (3, 0x80, 0xBF)
        case 0xF0: (length, low, high) = (4, 0x90, 0xBF)
        case 0xF1...0xF3: (length, low, high) = (4, 0x80, 0xBF)
        case 0xF4: (length, low, high) = (4, 0x80, 0x8F)
        default: return 0
        }
        guard start + length <= input.count, input[start + 1] >= low, input[start + 1] <= high else { return 0 }
        for index in (start + 2)..<max(start + 2, start + length) where input[index] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
