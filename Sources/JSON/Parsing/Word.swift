// Eight bytes looked at together, and digits in base sixteen.

/// Tests of all eight bytes of a word at once. Of the result only the lowest set bit is exact: it stands at the top
/// of the first byte that meets the test. (A borrow may run into higher bytes, never into lower ones.)
enum Word {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    /// Bytes that end the plain part of a string: `"`, `\`, control characters and everything from 0x80 up.
    @inline(__always)
    static func stringSpecials(_ word: UInt64) -> UInt64 {
        let quote = (word ^ (ones &* 0x22)) &- ones
        let backslash = (word ^ (ones &* 0x5C)) &- ones
        let control = word &- (ones &* 0x20)
        return (quote | backslash | control | word) & tops
    }

    /// Bytes that may have to be escaped: `"`, `\`, control characters, and C2 and E2, with which U+0085, U+2028 and
    /// U+2029 begin.
    @inline(__always)
    static func escapeSpecials(_ word: UInt64) -> UInt64 {
        let control = (word &- (ones &* 0x20)) & ~word
        return (equal(word, 0x22) | equal(word, 0x5C) | equal(word, 0xC2) | equal(word, 0xE2) | control) & tops
    }

    /// Backslashes.
    @inline(__always)
    static func backslashes(_ word: UInt64) -> UInt64 { equal(word, 0x5C) & tops }

    @inline(__always)
    private static func equal(_ word: UInt64, _ byte: UInt64) -> UInt64 {
        let difference = word ^ (ones &* byte)
        return (difference &- ones) & ~difference
    }

    /// Whether all eight bytes are spaces.
    @inline(__always)
    static func isBlank(_ word: UInt64) -> Bool { word == ones &* 0x20 }
}

enum Hexadecimal {
    /// The value of a digit, upper or lower case.
    @inline(__always)
    static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- 0x30)
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte &- 0x57)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte &- 0x37)
        default: nil
        }
    }

    /// The digits for writing, lower case.
    static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 &+ value : 0x57 &+ value }
}
