// The short codes of approvals: easy to read aloud and to type, hard to guess, never an English word.

/// Six characters out of 31. Each code has a letter and a digit, so that neither "confirm change" nor an alert's number
/// is one.
package enum ApprovalCode {
    /// Without 0, O, 1, I and L, which people mix up.
    static let alphabet = Array("ABCDEFGHJKMNPQRSTUVWXYZ23456789")
    static let length = 6

    /// A new code from the operating system's random numbers.
    package static func make() -> String {
        var random = SystemRandomNumberGenerator()
        while true {
            let code = String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
            if hasLetterAndDigit(code) { return code }
        }
    }

    /// The code as it is stored; nil for what can be none. Characters outside the alphabet are let through, since
    /// whoever mistypes one should hear that there is no such code.
    package static func normalized(_ text: some StringProtocol) -> String? {
        guard text.utf8.count == length, text.utf8.allSatisfy(isLetterOrDigit) else { return nil }
        let code = text.uppercased()
        // Capitals alone are no code of ours, but they are meant as one; small letters alone are a word.
        let isSpelt = text == code && code.allSatisfy(alphabet.contains)
        let hasLetter = code.utf8.contains { $0 > 0x39 }
        return hasLetterAndDigit(code) || (isSpelt && hasLetter) ? code : nil
    }

    private static func hasLetterAndDigit(_ code: String) -> Bool {
        code.utf8.contains { $0 > 0x39 } && code.utf8.contains { $0 <= 0x39 }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
}
