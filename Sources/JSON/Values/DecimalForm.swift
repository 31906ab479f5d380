// The one form that all spellings of a number share: 1, 1.0, 10e-1.

/// Digits without leading or trailing zeros, and a power of ten. Exact for every number of JSON, however long.
struct DecimalForm: Hashable {
    private var isNegative = false
    /// ASCII digits; empty for zero.
    private var digits: [UInt8] = []
    /// The power of ten of the last digit.
    private var exponent = 0

    /// The text must be a number of JSON.
    init(_ text: Span<UInt8>) {
        var position = 0
        var isFraction = false
        var fraction = 0
        if text.count > 0, text[0] == UInt8(ascii: "-") {
            isNegative = true
            position = 1
        }
        while position < text.count, text[position] | 0x20 != UInt8(ascii: "e") {
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: ".") {
                isFraction = true
                continue
            }
            if isFraction { fraction += 1 }
            if byte != 0x30 || !digits.isEmpty { digits.append(byte) }
        }
        guard !digits.isEmpty else {
            isNegative = false
            return
        }
        exponent = Self.readExponent(text, from: position + 1) - fraction
        while digits.last == 0x30 {
            digits.removeLast()
            exponent += 1
        }
    }

    /// Beyond ±10^15 exponents are all the same to us: such numbers are infinite or zero to everybody.
    private static func readExponent(_ text: Span<UInt8>, from start: Int) -> Int {
        guard start < text.count else { return 0 }
        var position = start
        let isNegative = text[position] == UInt8(ascii: "-")
        if isNegative || text[position] == UInt8(ascii: "+") { position += 1 }
        var exponent = 0
        while position < text.count {
            exponent = min(exponent * 10 + Int(text[position] &- 0x30), 1_000_000_000_000_000)
            position += 1
        }
        return isNegative ? -exponent : exponent
    }

    /// The value if it is a whole number that fits.
    var int: Int64? {
        guard !digits.isEmpty else { return 0 }
        guard exponent >= 0, digits.count + exponent <= 19 else { return nil }
        var magnitude: UInt64 = 0
        for digit in digits { magnitude = magnitude * 10 + UInt64(digit &- 0x30) }
        for _ in 0..<exponent { magnitude *= 10 }
        return NumberReading.signed(magnitude, isNegative)
    }
}
