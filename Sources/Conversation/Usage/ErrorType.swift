// Whose fault the end of a turn was: a closed set for rows, metrics and traces.

package import OpenAIProtocol
package import Providers

/// The value of `error_type`. Nothing else is ever written there, so that it can be counted without bounds being
/// watched; the prefix says who has to act (`gateways.md` a3).
package enum ErrorType: String, Sendable, Hashable, CaseIterable {
    case callerInvalidRequest = "caller_invalid_request"
    case callerModelUnknown = "caller_model_unknown"
    case callerCancelled = "caller_cancelled"
    case callerTooLarge = "caller_too_large"
    case policyRateLimited = "policy_rate_limited"
    case policyBudgetExceeded = "policy_budget_exceeded"
    case policyAccessDenied = "policy_access_denied"
    case policyConcurrency = "policy_concurrency"
    case providerAuthFailed = "provider_auth_failed"
    case providerRateLimited = "provider_rate_limited"
    case providerQuota = "provider_quota"
    case providerOverloaded = "provider_overloaded"
    case providerServerError = "provider_server_error"
    case providerTimeout = "provider_timeout"
    case providerConnectionFailed = "provider_connection_failed"
    case providerMalformed = "provider_malformed"
    case providerContextTooLong = "provider_context_too_long"
    case providerCredentialsExhausted = "provider_credentials_exhausted"
    case oursInternal = "ours_internal"
    case oursOverloaded = "ours_overloaded"
    case oursShutdown = "ours_shutdown"
    case oursMisconfigured = "ours_misconfigured"
    /// None of the above: a gap in this file, worth an alert.
    case other = "_OTHER"
}

extension ErrorType {
    /// - Parameter isNamedByCaller: whether the caller alone says that there is such a model; otherwise one that is not
    ///   there is a fault of our settings.
    package init(_ failure: ProviderFailure, isNamedByCaller: Bool) {
        if failure.code == "credentials_exhausted" {
            self = .providerCredentialsExhausted
            return
        }
        self =
            switch failure.kind {
            case .rateLimited: .providerRateLimited
            case .quotaExceeded: .providerQuota
            case .unauthorized: .providerAuthFailed
            case .badRequest: .callerInvalidRequest
            case .contextTooLong: .providerContextTooLong
            case .requestTooLarge: .callerTooLarge
            case .modelNotFound: isNamedByCaller ? .callerModelUnknown : .oursMisconfigured
            case .overloaded: .providerOverloaded
            case .serverError: .providerServerError
            case .timeout: .providerTimeout
            case .connectionFailed, .connectionLost: .providerConnectionFailed
            case .malformed: .providerMalformed
            case .cancelled: .callerCancelled
            case .misconfigured: .oursMisconfigured
            }
    }

    /// From what a client is told. Limits are ours here: an upstream's are `ProviderFailure`s.
    package init(_ error: OpenAIError) {
        switch error.code {
        case "model_not_found": self = .callerModelUnknown
        case "context_length_exceeded": self = .providerContextTooLong
        case "request_too_large": self = .callerTooLarge
        case "insufficient_quota", "budget_exceeded": self = .policyBudgetExceeded
        case "concurrency_limit_exceeded", "too_many_streams": self = .policyConcurrency
        case "rate_limit_exceeded": self = .policyRateLimited
        // A turn's time goes to the model and its tools; ours is in the overhead histogram.
        case "turn_timeout", "upstream_timeout": self = .providerTimeout
        default: self = Self.ofStatus(error.status)
        }
    }

    private static func ofStatus(_ status: Int) -> ErrorType {
        switch status {
        case 401, 403: .policyAccessDenied
        case 413: .callerTooLarge
        case 429: .policyRateLimited
        case 499: .callerCancelled
        case 400..<500: .callerInvalidRequest
        case 502: .providerServerError
        case 503: .oursOverloaded
        case 504: .providerTimeout
        case 500..<600: .oursInternal
        default: .other
        }
    }

    /// nil for a turn that finished.
    package init?(_ end: TurnEnd) {
        switch end {
        case .finished: return nil
        case .cancelled(.clientGone): self = .callerCancelled
        case .cancelled(.shutDown): self = .oursShutdown
        case .failed(let error): self.init(error)
        }
    }

    /// The place in `allCases`, for tables by number.
    package var index: Int { Self.places[self] ?? 0 }

    private static let places = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}
