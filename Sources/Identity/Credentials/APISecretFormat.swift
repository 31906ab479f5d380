// What an API secret looks like, and how a new one is made.

/// The form of API secrets: `bkls_` (seed, section 3.1) and at least twenty letters, digits, `-` or `_`.
package enum APISecretFormat {
    /// With what every API secret begins.
    package static let prefix = "bkls_"
    /// How many characters must follow the prefix when an administrator chooses the first secret.
    package static let minimumLength = 20
    /// How many characters follow it at the most.
    package static let maximumLength = 200
    /// How many characters follow it in a generated secret: 44 of 62 kinds are 262 random bits.
    package static let generatedLength = 44
    /// How many characters after the prefix are kept in clear, so that people can tell their secrets apart.
    package static let shownLength = 6

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// A new secret from the operating system's random numbers.
    package static func generate() -> Secret {
        Secret(prefix + randomText(length: generatedLength))
    }

    /// Letters and digits from the operating system's random numbers, each equally likely.
    static func randomText(length: Int) -> String {
        // SystemRandomNumberGenerator is getrandom(2) on Linux.
        var random = SystemRandomNumberGenerator()
        var text: [UInt8] = []
        for _ in 0..<length {
            text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether the text has the form of an API secret.
    package static func isValid(_ text: String) -> Bool {
        hasForm(text.utf8.span) && text.utf8.allSatisfy(isSecretCharacter)
    }

    /// Whether the bytes begin and end as those of an API secret do; the characters are not looked at.
    static func hasForm(_ bytes: Span<UInt8>) -> Bool {
        let start: StaticString = "bkls_"
        let length = start.utf8CodeUnitCount
        guard (length + minimumLength...length + maximumLength).contains(bytes.count) else { return false }
        return start.withUTF8Buffer { letters in
            for index in 0..<length where bytes[index] != letters[index] { return false }
            return true
        }
    }

    /// What of a secret may be shown in lists: the prefix and the first characters after it.
    package static func shownPrefix(of secret: Secret) -> String {
        String(secret.reveal().prefix(prefix.count + shownLength))
    }

    static func isSecretCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }
}

/// A password that the program makes up.
package enum GeneratedPassword {
    /// Twenty letters and digits.
    package static func make() -> Secret {
        Secret(APISecretFormat.randomText(length: 20))
    }
}
