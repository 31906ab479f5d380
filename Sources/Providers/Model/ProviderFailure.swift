// How a call of a model fails, in the terms that decide what happens next.

package import Identity

/// A failed call of a model. `message` is safe to show: no key, no header, no address with credentials.
package struct ProviderFailure: Error, Sendable {
    package enum Kind: String, Sendable {
        case rateLimited, quotaExceeded, unauthorized, badRequest, contextTooLong, modelNotFound
        case overloaded, serverError, timeout, connectionFailed, connectionLost, malformed, cancelled
        /// The gateway's settings for this provider cannot work: its address, its certificate.
        case misconfigured
    }

    package var kind: Kind
    package var message: String
    /// The provider's configured name.
    package var provider: String
    /// The upstream's HTTP status, where there was one.
    package var status: Int?
    /// How long the upstream asked to wait.
    package var retryAfter: Duration?
    /// The request's field that the upstream complained of.
    package var parameter: String?
    /// The upstream's own error code, e.g. `content_filter`.
    package var code: String?

    package init(
        _ kind: Kind,
        _ message: String,
        provider: String,
        status: Int? = nil,
        retryAfter: Duration? = nil,
        parameter: String? = nil,
        code: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.provider = provider
        self.status = status
        self.retryAfter = retryAfter
        self.parameter = parameter
        self.code = code
    }

    /// The same without the gateway's key, which some upstreams repeat in their messages.
    package func hiding(_ key: Secret?) -> ProviderFailure {
        guard let key, key.reveal().utf8.count >= 4 else { return self }
        var failure = self
        failure.message = message.replacing(key.reveal(), with: "***")
        return failure
    }

    /// Whether another attempt, or another target, may succeed where this one failed.
    package var isWorthAnotherTry: Bool {
        switch kind {
        case .rateLimited, .quotaExceeded, .unauthorized, .overloaded, .serverError, .timeout, .connectionFailed,
            .connectionLost, .malformed, .modelNotFound, .misconfigured:
            true
        case .badRequest, .contextTooLong, .cancelled: false
        }
    }
}
