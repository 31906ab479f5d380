// Finding the one credential that counts in a request's headers, without allocating.

/// The credential that a request presents.
///
/// Order: `Authorization`, then `Api-Authorization`, then `x-api-key`. The first that holds a credential counts and the
/// others are not looked at, right or wrong; a header that is blank, or a scheme word with nothing behind it (the OpenAI
/// SDKs send `Bearer ` for an empty key), counts as absent.
struct PresentedCredential {
    enum Kind {
        case apiSecret
        case token
    }

    let kind: Kind
    let text: Substring

    /// Longer than any secret or token of ours; what is longer is not even hashed.
    static let maximumLength = 4096

    static func find(
        authorization: String?,
        apiAuthorization: String?,
        apiKey: String?
    ) throws(CredentialFailure) -> PresentedCredential {
        if let authorization, let found = try fromAuthorization(authorization) {
            return found
        }
        if let apiAuthorization, case let text = trimmed(apiAuthorization[...]), !text.isEmpty {
            return try credential(text, apiSecret: true, token: false)
        }
        if let apiKey, case let text = trimmed(apiKey[...]), !text.isEmpty {
            return try credential(text, apiSecret: true, token: true)
        }
        throw .missing
    }

    /// `Bearer <API secret or token>` or `Basic <token>` (seed, sections 3.1.2 and 3.2.2).
    private static func fromAuthorization(_ header: String) throws(CredentialFailure) -> PresentedCredential? {
        let value = trimmed(header[...])
        if value.isEmpty { return nil }
        let bytes = value.utf8
        let schemeEnd = bytes.firstIndex(where: isBlank) ?? bytes.endIndex
        let scheme = value[..<schemeEnd]
        let text = trimmed(value[schemeEnd...])
        let isBearer = equalsIgnoringCase(scheme, "bearer")
        guard isBearer || equalsIgnoringCase(scheme, "basic") else { throw .malformed }
        return text.isEmpty ? nil : try credential(text, apiSecret: isBearer, token: true)
    }

    private static func credential(
        _ text: Substring,
        apiSecret: Bool,
        token: Bool
    ) throws(CredentialFailure) -> PresentedCredential {
        let bytes = text.utf8
        guard bytes.count <= maximumLength else { throw .malformed }
        var dots = 0
        for byte in bytes {
            if byte == 0x2E {
                dots += 1
            } else if !APISecretFormat.isSecretCharacter(byte) {
                throw .malformed
            }
        }
        // Three base64url parts are a token; an API secret has no dots.
        if dots == 2, token { return PresentedCredential(kind: .token, text: text) }
        if dots == 0, apiSecret, APISecretFormat.isValid(text) {
            return PresentedCredential(kind: .apiSecret, text: text)
        }
        throw .malformed
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let bytes = text.utf8
        guard let start = bytes.firstIndex(where: { !isBlank($0) }) else { return text[text.endIndex...] }
        var end = bytes.endIndex
        while end > start, isBlank(bytes[bytes.index(before: end)]) {
            end = bytes.index(before: end)
        }
        return text[start..<end]
    }

    /// `word` is lower-case letters.
    private static func equalsIgnoringCase(_ text: Substring, _ word: StaticString) -> Bool {
        guard text.utf8.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            zip(text.utf8, letters).allSatisfy { $0 | 0x20 == $1 }
        }
    }
}
