// Which bytes may stand where (RFC 9110 section 5.6.2, RFC 9112 section 2).

enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let asterisk: UInt8 = 0x2A
    static let comma: UInt8 = 0x2C
    static let slash: UInt8 = 0x2F
    static let colon: UInt8 = 0x3A
    static let semicolon: UInt8 = 0x3B

    /// Bytes of a `token`: names of fields and methods.
    private static let tokens: [Bool] = (0..<256).map { code in
        guard code > 0x20, code < 0x7F else { return false }
        return !Set(#""(),/:;<=>?@[\]{}"#.utf8).contains(UInt8(code))
    }

    static func isToken(_ byte: UInt8) -> Bool { tokens[Int(byte)] }

    /// What a field's value is made of, blanks included; bytes above ASCII are the sender's own business.
    static func isFieldContent(_ byte: UInt8) -> Bool { byte >= 0x20 ? byte != 0x7F : byte == tab }

    /// What a host with its port is made of (RFC 3986 section 3.2.2).
    static func isHost(_ byte: UInt8) -> Bool { hosts[Int(byte)] }

    private static let hosts: [Bool] = (0..<256).map { code in
        code < 0x7F && (isToken(UInt8(code)) || Set("[]():;,=".utf8).contains(UInt8(code)))
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    static func lowercase(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    static func hexadecimal(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte - 0x30)
        case 0x41...0x46: Int(byte - 0x41 + 10)
        case 0x61...0x66: Int(byte - 0x61 + 10)
        default: nil
        }
    }
}
