// Finding the one credential that counts in a request's headers: one pass over the bytes, no allocation.

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
    private let header: String
    /// Where the credential stands among the header's bytes.
    private let range: Range<Int>

    /// Longer than any secret or token of ours; what is longer is not even hashed.
    static let maximumLength = 4096

    /// The credential itself.
    var text: Secret {
        let bytes = header.utf8
        let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
        return Secret(String(header[start..<bytes.index(start, offsetBy: range.count)]))
    }

    /// SHA-256 of the credential.
    var hash: CredentialHash {
        header.utf8.span.extracting(range).withUnsafeBytes { CredentialHash(of: $0) }
    }

    static func find(
        authorization: String?,
        apiAuthorization: String?,
        apiKey: String?
    ) throws(CredentialFailure) -> PresentedCredential {
        if let authorization, let found = try inAuthorization(authorization) { return found }
        if let apiAuthorization, let found = try bare(apiAuthorization, token: false) { return found }
        if let apiKey, let found = try bare(apiKey, token: true) { return found }
        throw .missing
    }

    /// `Bearer <API secret or token>` or `Basic <token>` (seed, sections 3.1.2 and 3.2.2).
    private static func inAuthorization(_ header: String) throws(CredentialFailure) -> PresentedCredential? {
        let bytes = header.utf8.span
        let value = trimmed(0..<bytes.count, of: bytes)
        if value.isEmpty { return nil }
        var schemeEnd = value.lowerBound
        while schemeEnd < value.upperBound, !isBlank(bytes[schemeEnd]) { schemeEnd += 1 }
        let scheme = bytes.extracting(value.lowerBound..<schemeEnd)
        let isBearer = isWord("bearer", scheme)
        guard isBearer || isWord("basic", scheme) else { throw .malformed }
        let rest = trimmed(schemeEnd..<value.upperBound, of: bytes)
        return rest.isEmpty ? nil : try credential(in: header, at: rest, secret: isBearer, token: true)
    }

    /// A header that holds nothing but the credential.
    private static func bare(_ header: String, token: Bool) throws(CredentialFailure) -> PresentedCredential? {
        let bytes = header.utf8.span
        let value = trimmed(0..<bytes.count, of: bytes)
        return value.isEmpty ? nil : try credential(in: header, at: value, secret: true, token: token)
    }

    private static func credential(
        in header: String,
        at range: Range<Int>,
        secret: Bool,
        token: Bool
    ) throws(CredentialFailure) -> PresentedCredential {
        guard range.count <= maximumLength else { throw .malformed }
        let bytes = header.utf8.span.extracting(range)
        var dots = 0
        for index in bytes.indices {
            if bytes[index] == 0x2E {
                dots += 1
            } else if !APISecretFormat.isSecretCharacter(bytes[index]) {
                throw .malformed
            }
        }
        // Three base64url parts are a token; an API secret has no dots.
        if dots == 2, token { return PresentedCredential(kind: .token, header: header, range: range) }
        if dots == 0, secret, APISecretFormat.hasForm(bytes) {
            return PresentedCredential(kind: .apiSecret, header: header, range: range)
        }
        throw .malformed
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    private static func trimmed(_ range: Range<Int>, of bytes: Span<UInt8>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while start < end, isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// Whether the bytes are the word, which is given in lower-case letters, in any case.
    private static func isWord(_ word: StaticString, _ bytes: Span<UInt8>) -> Bool {
        guard bytes.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            for index in bytes.indices where bytes[index] | 0x20 != letters[index] { return false }
            return true
        }
    }
}
