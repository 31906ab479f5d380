// What the parser throws inside: cheap to pass on, turned into words only when it reaches the outside.

/// A fault and its byte. Two words without references, so that the typed `throws` of the scanners costs nothing.
struct ParseFault: Error {
    enum Reason: UInt8 {
        case tooLong
        case tooDeep
        case empty
        case expectedValue
        case expectedKey
        case expectedColon
        case expectedCommaOrBrace
        case expectedCommaOrBracket
        case trailingComma
        case trailingBytes
        case invalidLiteral
        case loneMinus
        case leadingZero
        case missingFraction
        case missingExponent
        case unclosedString
        case controlCharacter
        case invalidEscape
        case invalidUnicodeEscape
        case invalidUTF8
    }

    var reason: Reason
    var offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// Whether the fault belongs to a container as a whole rather than to the member that comes next.
    var isAboutContainer: Bool {
        switch reason {
        case .expectedKey, .expectedCommaOrBrace, .expectedCommaOrBracket, .trailingComma, .trailingBytes: true
        default: false
        }
    }

    /// The sentence for people.
    func message(_ input: Span<UInt8>, _ limits: JSONLimits) -> String {
        let found = Self.describe(input, offset)
        return switch reason {
        case .tooLong: "The text is \(input.count) bytes long; \(limits.longest) are allowed."
        case .tooDeep: "Arrays and objects are nested more than \(limits.deepest) levels deep."
        case .empty: "The text is empty; a JSON value was expected."
        case .expectedValue: "Expected a value but found \(found).\(Self.hint(input, offset))"
        case .expectedKey: "Expected a member name in double quotes but found \(found)."
        case .expectedColon: "Expected ':' after a member name but found \(found)."
        case .expectedCommaOrBrace: "Expected ',' or '}' after a member of an object but found \(found)."
        case .expectedCommaOrBracket: "Expected ',' or ']' after an element of an array but found \(found)."
        case .trailingComma: "A comma stands before \(found) with nothing after it."
        case .trailingBytes: "The JSON value is complete, but \(found) follows."
        case .invalidLiteral: "Expected 'true', 'false' or 'null'; JSON knows no other bare words."
        case .loneMinus: "Expected a digit after '-' but found \(found)."
        case .leadingZero: "A number must not begin with a superfluous 0."
        case .missingFraction: "Expected a digit after the decimal point but found \(found)."
        case .missingExponent: "Expected a digit in the exponent but found \(found)."
        case .unclosedString: "The text ends inside a string."
        case .controlCharacter: "A string holds a raw control character (\(found)); it must be written as an escape."
        case .invalidEscape: "A string holds a backslash that begins no escape known to JSON."
        case .invalidUnicodeEscape: "In a string, '\\u' must be followed by four hexadecimal digits."
        case .invalidUTF8: "A string holds bytes that are not UTF-8."
        }
    }

    private static func describe(_ input: Span<UInt8>, _ offset: Int) -> String {
        guard offset < input.count else { return "the end of the text" }
        let byte = input[offset]
        if byte > 0x20, byte < 0x7F { return "'\(Unicode.Scalar(byte))'" }
        let digits = String(byte, radix: 16, uppercase: true)
        return "byte 0x\(digits.count == 1 ? "0" : "")\(digits)"
    }

    private static func hint(_ input: Span<UInt8>, _ offset: Int) -> String {
        guard offset < input.count else { return "" }
        switch input[offset] {
        case 0xEF where offset == 0: return " A byte order mark must be left away."
        case UInt8(ascii: "'"): return " Strings are written in double quotes."
        case UInt8(ascii: "/"), UInt8(ascii: "#"): return " JSON has no comments."
        case UInt8(ascii: "N"), UInt8(ascii: "I"): return " JSON has no NaN, Infinity or None."
        case UInt8(ascii: "T"), UInt8(ascii: "F"): return " 'true' and 'false' are written in lower case."
        case UInt8(ascii: "."), UInt8(ascii: "+"): return " A number begins with a digit or '-'."
        default: return ""
        }
    }
}

extension JSONLimits {
    /// The depth that is enforced.
    var deepest: Int { max(0, min(depth, 1000)) }
    /// The length that is enforced: offsets and tape indexes are 32 bits wide.
    var longest: Int { max(0, min(bytes, Int(UInt32.max) - 1)) }
}
