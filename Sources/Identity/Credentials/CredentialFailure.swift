// Why a caller is refused, in words that are safe to show to anyone.

/// Why a caller is refused. No message contains any part of what was presented.
package enum CredentialFailure: Error, Sendable, Hashable {
    /// No credential at all.
    case missing
    /// Something that is neither an API secret nor a token, or in a header where it does not belong.
    case malformed
    /// Not (or no longer) known: never issued, deleted, tampered with, or of a user who is gone.
    case unknown
    /// A token issued before the user's password, role or state was changed.
    case revoked
    /// Past its time.
    case expired
    /// The user has been deactivated.
    case inactive
    /// Known, but the role does not grant this permission.
    case forbidden(Permission)
    /// Login only: user name, password or domain is wrong. Which of them is not told.
    case wrongPassword
    /// Login only: too many failures for this user name.
    case locked(retryAfterSeconds: Int)
    /// Login only: more logins are waiting than are worth waiting for.
    case busy
    /// The store could not be asked. Says nothing about the credential.
    case unavailable

    /// One sentence for the client.
    package var message: String {
        switch self {
        case .missing:
            "No credentials. Send 'Authorization: Bearer <API secret or token>'."
        case .malformed:
            "Incorrect API key provided (invalid_api_key): expected an API secret that begins with 'bkls_', or a token."
        case .unknown:
            "Incorrect API key provided (invalid_api_key): the API secret or token is not known here."
        case .revoked:
            "The token has been revoked (invalid_api_key). Log in again."
        case .expired:
            "The API secret or token has expired (invalid_api_key)."
        case .inactive:
            "The account has been deactivated (invalid_api_key)."
        case .forbidden(let permission):
            "Permission '\(permission.name)' is needed for this."
        case .wrongPassword:
            "The user name, the password or the domain is wrong."
        case .locked(let seconds):
            "Too many failed logins. Try again in \(seconds) seconds."
        case .busy:
            "Too many logins at once. Try again in a moment."
        case .unavailable:
            "Credentials cannot be checked at the moment."
        }
    }

    /// The HTTP status that says the same.
    package var status: Int {
        switch self {
        case .missing, .malformed, .unknown, .revoked, .expired, .inactive, .wrongPassword: 401
        case .forbidden: 403
        case .locked: 429
        case .busy, .unavailable: 503
        }
    }

    /// The machine-readable code of OpenAI-style errors (design, section 3).
    package var code: String {
        switch self {
        case .missing, .malformed, .unknown, .revoked, .expired, .inactive, .wrongPassword: "invalid_api_key"
        case .forbidden: "permission_denied"
        case .locked: "rate_limit_exceeded"
        case .busy, .unavailable: "overloaded"
        }
    }

    /// What `retry-after` should say, in seconds; nil where trying again does not help.
    package var retryAfterSeconds: Int? {
        switch self {
        case .locked(let seconds): seconds
        case .busy, .unavailable: 1
        default: nil
        }
    }
}

extension CredentialFailure: CustomStringConvertible {
    package var description: String { message }
}
