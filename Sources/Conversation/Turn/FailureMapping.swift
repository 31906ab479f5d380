// From what a provider did to what a client is told: whose fault it was decides the status.

package import OpenAIProtocol
package import Providers

extension OpenAIError {
    /// The client's fault stays 4xx with the field; the upstream's becomes 502, 503 or 504 with the provider named
    /// (DESIGN.md section 3, `gateways.md` (d)).
    package init(_ failure: ProviderFailure) {
        switch failure.kind {
        case .badRequest:
            self = .invalid(failure.message, param: failure.parameter, code: failure.code)
        case .contextTooLong:
            self = .invalid(
                "The conversation exceeds the model's maximum context length. \(failure.message)",
                param: "messages",
                code: "context_length_exceeded"
            )
        case .requestTooLarge:
            self.init(
                status: 413,
                message: failure.message,
                type: "invalid_request_error",
                code: "request_too_large"
            )
        case .rateLimited:
            self.init(
                status: 429,
                message: "Rate limit reached at the upstream. \(failure.message)",
                type: "rate_limit_error",
                code: "rate_limit_exceeded",
                retryAfter: failure.retryAfter ?? .seconds(1)
            )
        case .quotaExceeded:
            self.init(
                status: 429,
                message: "You exceeded your current quota at the upstream. \(failure.message)",
                type: "rate_limit_error",
                code: "insufficient_quota",
                shouldRetry: false
            )
        case .unauthorized, .modelNotFound, .misconfigured:
            // The gateway's own configuration: another attempt of the client changes nothing.
            self.init(
                status: 502,
                message: failure.message,
                type: "upstream_error",
                code: "upstream_error",
                shouldRetry: false
            )
        case .overloaded:
            self.init(
                status: 503,
                message: "Service temporarily unavailable. \(failure.message)",
                type: "overloaded_error",
                code: "overloaded",
                retryAfter: failure.retryAfter ?? .seconds(1)
            )
        case .timeout:
            self.init(status: 504, message: failure.message, type: "upstream_error", code: "upstream_timeout")
        case .serverError, .connectionFailed, .connectionLost, .malformed, .cancelled:
            self.init(status: 502, message: failure.message, type: "upstream_error", code: "upstream_error")
        }
    }
}
