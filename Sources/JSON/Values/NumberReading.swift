// From the text of a number to integers and doubles, exactly, mostly without allocating.

enum NumberReading {
    /// A number taken apart: `digits` × 10^`exponent`, when all its digits fit.
    private struct Parts {
        var isNegative = false
        /// The digits without the point.
        var digits: UInt64 = 0
        var exponent = 0
        /// Too many digits or too large an exponent for the shortcuts.
        var isLong = false
    }

    /// The value if it is a whole number that fits. The text must be a number of JSON.
    static func int(_ text: Span<UInt8>) -> Int64? {
        var parts = split(text)
        if parts.isLong { return DecimalForm(text).int }
        if parts.digits == 0 { return 0 }
        while parts.exponent < 0 {
            let (quotient, remainder) = parts.digits.quotientAndRemainder(dividingBy: 10)
            guard remainder == 0 else { return nil }
            parts.digits = quotient
            parts.exponent += 1
        }
        while parts.exponent > 0 {
            let (product, overflow) = parts.digits.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            parts.digits = product
            parts.exponent -= 1
        }
        return signed(parts.digits, parts.isNegative)
    }

    static func signed(_ magnitude: UInt64, _ isNegative: Bool) -> Int64? {
        if !isNegative { return Int64(exactly: magnitude) }
        return magnitude <= UInt64(1) << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
    }

    /// The nearest double. The text must be a number of JSON.
    static func double(_ text: Span<UInt8>) -> Double {
        let parts = split(text)
        // Both factors are exact, so the one operation rounds correctly (Clinger, 1990).
        if !parts.isLong, parts.digits <= 1 << 53, parts.exponent >= -22, parts.exponent <= 22 {
            let digits = Double(parts.digits)
            let power = powers[abs(parts.exponent)]
            let magnitude = parts.exponent < 0 ? digits / power : digits * power
            return parts.isNegative ? -magnitude : magnitude
        }
        let string = text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        return Double(string) ?? (parts.isNegative ? -Double.infinity : .infinity)
    }

    private static func split(_ text: Span<UInt8>) -> Parts {
        var parts = Parts()
        var position = 0
        var fraction = 0
        var isFraction = false
        var count = 0
        if position < text.count, text[position] == UInt8(ascii: "-") {
            parts.isNegative = true
            position += 1
        }
        while position < text.count {
            let byte = text[position]
            if NumberScanner.isDigit(byte) {
                // 19 digits always fit 64 bits.
                if parts.digits != 0 || byte != 0x30 { count += 1 }
                if count > 19 {
                    parts.isLong = true
                    return parts
                }
                parts.digits = parts.digits &* 10 &+ UInt64(byte &- 0x30)
                if isFraction { fraction += 1 }
            } else if byte == UInt8(ascii: ".") {
                isFraction = true
            } else {
                break
            }
            position += 1
        }
        guard position < text.count else {
            parts.exponent = -fraction
            return parts
        }
        position += 1
        let isNegative = position < text.count && text[position] == UInt8(ascii: "-")
        if isNegative || (position < text.count && text[position] == UInt8(ascii: "+")) { position += 1 }
        var exponent = 0
        while position < text.count {
            exponent = exponent * 10 + Int(text[position] &- 0x30)
            position += 1
            if exponent > 400 {
                parts.isLong = true
                return parts
            }
        }
        parts.exponent = (isNegative ? -exponent : exponent) - fraction
        return parts
    }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
