// How a call of a model fails, in the terms that decide what happens next.

package import Identity
import OpenAIProtocol

/// A failed call of a model. `message` is safe to show: no key, no header, no address with credentials.
@dynamicMemberLookup
package struct ProviderFailure: Error, Sendable {
    package enum Kind: String, Sendable {
        case rateLimited, quotaExceeded, unauthorized, badRequest, contextTooLong, modelNotFound
        /// The request's bytes are more than the upstream takes.
        case requestTooLarge
        case overloaded, serverError, timeout, connectionFailed, connectionLost, malformed, cancelled
        /// The gateway's settings for this provider cannot work: its address, its certificate.
        case misconfigured
    }

    package struct Members: Sendable {
        package var kind: Kind
        package var message: String
        /// More, for the log: it may name the provider's address.
        package var detail: String?
        /// The provider's configured name.
        package var provider: String
        /// The upstream's HTTP status, or the one that it told inside a stream, where there was one.
        package var status: Int?
        /// How long the upstream asked to wait.
        package var retryAfter: Duration?
        /// The request's field that the upstream complained of.
        package var parameter: String?
        /// The upstream's own error code, e.g. `content_filter`.
        package var code: String?
        /// Whether the breaker hears of it. False for what a caller can provoke: no request may shut a target for others.
        package var countsAgainstTarget = true
        /// Whether the adapter refused the call before anything was sent: its protocol has no word for it, another's may.
        package var isUnsent = false
        /// How often an upstream had been asked when a router gave the call up with this.
        package var attempts = 0
        /// Inputs that had been embedded, and will be paid for, before it failed.
        package var spentInputs = 0
        /// Who had been asked last by then; nil when nobody had.
        package var target: RouteTarget?
    }

    private var members: Box<Members>

    package subscript<Value>(dynamicMember path: WritableKeyPath<Members, Value>) -> Value {
        get { members.value[keyPath: path] }
        set { members.value[keyPath: path] = newValue }
    }

    package init(
        _ kind: Kind,
        _ message: String,
        provider: String,
        status: Int? = nil,
        retryAfter: Duration? = nil,
        parameter: String? = nil,
        code: String? = nil
    ) {
        members = Box(
            Members(
                kind: kind,
                message: message,
                provider: provider,
                status: status,
                retryAfter: retryAfter,
                parameter: parameter,
                code: code
            )
        )
    }

    /// Nobody waits for the answer any more.
    package static func givenUp(_ provider: String) -> ProviderFailure {
        ProviderFailure(.cancelled, "The call was given up.", provider: provider)
    }

    /// For what an adapter cannot say in its protocol; nothing has been sent.
    static func unsupported(
        _ message: String,
        provider: String,
        parameter: String,
        code: String = "unsupported_parameter"
    ) -> ProviderFailure {
        var failure = ProviderFailure(.badRequest, message, provider: provider, parameter: parameter, code: code)
        failure.isUnsent = true
        return failure
    }

    /// For a name that no model of a provider can have.
    static func notAModel(_ name: String, provider: String) -> ProviderFailure {
        var failure = ProviderFailure(
            .modelNotFound,
            "The provider \(provider) has no model named \(name.debugDescription.bounded(to: 120)): such a name cannot "
                + "stand in its address.",
            provider: provider,
            parameter: "model"
        )
        failure.isUnsent = true
        return failure
    }

    /// The same without the gateway's key, which some upstreams repeat in their messages.
    package func hiding(_ key: Secret?) -> ProviderFailure {
        guard let key, key.reveal().utf8.count >= 4 else { return self }
        var failure = self
        failure.message = Self.mask(key.reveal(), in: self.message)
        failure.detail = self.detail.map { Self.mask(key.reveal(), in: $0) }
        failure.parameter = self.parameter.map { Self.mask(key.reveal(), in: $0) }
        failure.code = self.code.map { Self.mask(key.reveal(), in: $0) }
        return failure
    }

    /// The texts are bounded: a key that was cut at the end is masked too.
    private static func mask(_ key: String, in text: String) -> String {
        let masked = text.replacing(key, with: "***")
        let rest = Array(masked.utf8)
        let bytes = Array(key.utf8)
        for length in stride(from: min(bytes.count, rest.count), through: 4, by: -1)
        where rest.suffix(length).elementsEqual(bytes.prefix(length)) {
            return String(decoding: rest.dropLast(length), as: UTF8.self) + "***"
        }
        return masked
    }

    /// The same, unheard by the breaker.
    package var sparingTarget: ProviderFailure {
        var failure = self
        failure.countsAgainstTarget = false
        return failure
    }

    /// Whether the upstream does not know the key, as opposed to not allowing what was asked with it.
    package var refusesKey: Bool {
        self.kind == .unauthorized && (self.status == 401 || self.code.map(Self.keyCodes.contains) ?? false)
    }

    private static let keyCodes: Set<String> = [
        "invalid_api_key", "authentication_error", "API_KEY_INVALID", "InvalidApiKey",
    ]

    /// Whether another attempt, or another target, may succeed where this one failed.
    package var isWorthAnotherTry: Bool {
        switch self.kind {
        case .rateLimited, .quotaExceeded, .unauthorized, .overloaded, .serverError, .timeout, .connectionFailed,
            .connectionLost, .malformed, .modelNotFound, .misconfigured, .requestTooLarge:
            true
        case .badRequest, .contextTooLong, .cancelled: false
        }
    }
}

extension ProviderFailure: CustomStringConvertible {
    /// Without the detail, which is for logs.
    package var description: String { "\(self.kind.rawValue) of \(self.provider): \(self.message)" }
}
