// The header names that HTTPTypes does not know.

import HTTPTypes

extension HTTPField.Name {
    static let apiAuthorization = known("Api-Authorization")
    static let apiKey = known("x-api-key")
    static let requestID = known("x-request-id")
    /// `x-request-id` as Anthropic's SDKs look for it.
    static let anthropicRequestID = known("request-id")
    static let anthropicVersion = known("anthropic-version")
    static let traceParent = known("traceparent")
    static let traceState = known("tracestate")
    static let ignored = known("x-opsgate-ignored")
    static let provider = known("x-opsgate-provider")
    static let model = known("x-opsgate-model")
    static let attempts = known("x-opsgate-attempts")
    static let limitRequests = known("x-ratelimit-limit-requests")
    static let remainingRequests = known("x-ratelimit-remaining-requests")
    static let resetRequests = known("x-ratelimit-reset-requests")
    static let limitTokens = known("x-ratelimit-limit-tokens")
    static let remainingTokens = known("x-ratelimit-remaining-tokens")
    static let resetTokens = known("x-ratelimit-reset-tokens")
    static let retryAfterMilliseconds = known("retry-after-ms")
    static let shouldRetry = known("x-should-retry")
    static let accelBuffering = known("x-accel-buffering")
    static let secret = known("Secret")
    static let httpSecret = known("HTTP_SECRET")
    static let allowOrigin = known("Access-Control-Allow-Origin")
    static let allowMethods = known("Access-Control-Allow-Methods")
    static let allowHeaders = known("Access-Control-Allow-Headers")
    static let exposeHeaders = known("Access-Control-Expose-Headers")
    static let maxAge = known("Access-Control-Max-Age")
    static let requestHeaders = known("Access-Control-Request-Headers")
    static let vary = known("Vary")

    /// The names above are constants that have been checked by running; a wrong one is a fault of the program text.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("not a header name: \(name)") }
        return name
    }
}
