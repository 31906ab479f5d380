// How a call of a model fails, in the terms that decide what happens next.

/// A failed call of a model. `message` is safe to show: no key, no header, no address with credentials.
package struct ProviderFailure: Error, Sendable {
    package enum Kind: String, Sendable {
        case rateLimited, quotaExceeded, unauthorized, badRequest, contextTooLong, modelNotFound
        case overloaded, serverError, timeout, connectionFailed, connectionLost, malformed, cancelled
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

    /// Whether another attempt, or another target, may succeed where this one failed.
    package var isWorthAnotherTry: Bool {
        switch kind {
        case .rateLimited, .quotaExceeded, .unauthorized, .overloaded, .serverError, .timeout, .connectionFailed,
            .connectionLost, .malformed, .modelNotFound:
            true
        case .badRequest, .contextTooLong, .cancelled: false
        }
    }
}
