// Finds the end of a number by the grammar of RFC 8259, section 6.

enum NumberScanner {
    /// Reads a number that begins at `start` with `-` or a digit.
    ///
    /// - Returns: the index after its last byte. What may follow is for the caller to judge.
    @inline(__always)
    static func scan(_ input: Span<UInt8>, from start: Int) throws(ParseFault) -> Int {
        let count = input.count
        var position = start
        if input[position] == UInt8(ascii: "-") {
            position &+= 1
            guard position < count, isDigit(input[position]) else { throw ParseFault(.loneMinus, at: position) }
        }
        if input[position] == UInt8(ascii: "0") {
            position &+= 1
            if position < count, isDigit(input[position]) { throw ParseFault(.leadingZero, at: position &- 1) }
        } else {
            position = skipDigits(input, from: position &+ 1)
        }
        guard position < count else { return position }
        if input[position] == UInt8(ascii: ".") {
            position &+= 1
            guard position < count, isDigit(input[position]) else { throw ParseFault(.missingFraction, at: position) }
            position = skipDigits(input, from: position &+ 1)
            guard position < count else { return position }
        }
        if input[position] | 0x20 == UInt8(ascii: "e") {
            position &+= 1
            if position < count, input[position] == UInt8(ascii: "+") || input[position] == UInt8(ascii: "-") {
                position &+= 1
            }
            guard position < count, isDigit(input[position]) else { throw ParseFault(.missingExponent, at: position) }
            position = skipDigits(input, from: position &+ 1)
        }
        return position
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    private static func skipDigits(_ input: Span<UInt8>, from start: Int) -> Int {
        var position = start
        while position < input.count, isDigit(input[position]) { position &+= 1 }
        return position
    }
}
