// JSON Web Tokens: signed with HS256 and nothing else, and read with suspicion.

import JSON
import JWTKit

/// What a token says.
struct TokenClaims: Sendable, Hashable {
    let userID: Int64
    let username: String
    /// The user's token version at the time of issue; a newer one in the store ends the token.
    let version: Int64
    /// Epoch seconds.
    let issuedAt: Int64
    /// Epoch seconds.
    let expiresAt: Int64
    /// `jti`: random, names the token in audit and usage rows.
    let identifier: String
}

/// A token that has just been signed.
package struct IssuedToken: Sendable {
    package let token: Secret
    /// Epoch milliseconds.
    package let expiresAt: Int64
    /// `jti`.
    package let identifier: String
}

/// Signs and verifies tokens.
///
/// The algorithm is never taken from the token: a header that says anything but HS256 is refused before any key is
/// touched, which closes `none` and the confusion of public keys with HMAC keys (RFC 8725, sections 2.1 and 3.1).
struct TokenSigner: Sendable {
    let key: SigningKey

    /// Milliseconds by which clocks may differ.
    static let leeway: Int64 = 30_000

    func sign(_ claims: TokenClaims) async throws(CredentialFailure) -> Secret {
        do {
            return Secret(try await keys().sign(Payload(claims)))
        } catch {
            throw .unavailable
        }
    }

    /// - Parameter now: epoch milliseconds.
    func verify(_ token: Secret, now: Int64) async throws(CredentialFailure) -> TokenClaims {
        let text = token.reveal()
        try Self.checkForm(text)
        let payload: Payload
        do {
            payload = try await keys().verify(text, as: Payload.self)
        } catch {
            throw .unknown
        }
        // Whole seconds times 1000 must not overflow for hostile numbers; ours are far below.
        let farFuture: Int64 = 1 << 50
        guard (0..<farFuture).contains(payload.exp), (0..<farFuture).contains(payload.iat) else { throw .unknown }
        if payload.exp * 1000 + Self.leeway <= now { throw .expired }
        if payload.iat * 1000 - Self.leeway > now { throw .unknown }
        return payload.claims
    }

    /// Three strict base64url parts, and a header that says HS256.
    private static func checkForm(_ text: String) throws(CredentialFailure) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed }
        guard let header = Base64URL.decode(parts[0]), Base64URL.decode(parts[1]) != nil,
            let signature = Base64URL.decode(parts[2])
        else { throw .malformed }
        guard let fields = try? JSONValue(parsing: header), case .object(let members) = fields else {
            throw .malformed
        }
        guard members["alg"]?.string == "HS256", signature.count == 32 else { throw .unknown }
        // Nothing critical is understood here (RFC 7515, section 4.1.11).
        guard members["crit"] == nil else { throw .unknown }
    }

    private func keys() async -> JWTKeyCollection {
        await JWTKeyCollection().add(hmac: HMACKey(from: key.bytes), digestAlgorithm: .sha256)
    }
}

/// The claims as they stand in the token (seed, section 3.2.1, and three of ours).
private struct Payload: JWTPayload {
    let userID: Int64
    let username: String
    let version: Int64
    let iat: Int64
    let exp: Int64
    let jti: String

    enum CodingKeys: String, CodingKey {
        case userID = "user_id"
        case username
        case version
        case iat
        case exp
        case jti
    }

    init(_ claims: TokenClaims) {
        userID = claims.userID
        username = claims.username
        version = claims.version
        iat = claims.issuedAt
        exp = claims.expiresAt
        jti = claims.identifier
    }

    var claims: TokenClaims {
        TokenClaims(
            userID: userID,
            username: username,
            version: version,
            issuedAt: iat,
            expiresAt: exp,
            identifier: jti
        )
    }

    /// Times are checked by ``TokenSigner`` with its own clock and leeway.
    func verify(using algorithm: some JWTAlgorithm) async throws {}
}
