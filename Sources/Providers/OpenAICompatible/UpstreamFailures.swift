// Turns what an upstream's HTTP answer or a broken transfer says into a `ProviderFailure`.

import HTTPTransport
import JSON

extension ProviderFailure {
    /// From an answer that is no success. The body is read for OpenAI's error object and a few vendors' flat ones.
    static func from(status: Int, headers: HTTPHeaders, body: [UInt8], provider: String) -> ProviderFailure {
        let error = try? JSONDocument(parsing: body, limits: JSONLimits(depth: 32))
        let view = error.map { $0.root["error"] ?? $0.root }
        var failure = from(error: view, status: status, provider: provider)
        failure.retryAfter = retryAfter(headers)
        return failure
    }

    /// From an error object, of an HTTP answer or of an event inside a stream.
    static func from(error view: JSONView?, status: Int?, provider: String) -> ProviderFailure {
        let said = view.flatMap { $0["message"]?.string ?? $0["detail"]?.string ?? $0.string } ?? ""
        let code = view.flatMap { $0["code"]?.string }
        let statusText = status.map { "HTTP \($0)" } ?? "an error event"
        let text = said.isEmpty ? statusText : "\(statusText): \(said.bounded(to: 600))"
        let kind = kind(status: status, code: code, message: said)
        // Keys are echoed, masked or not, in the texts that come with 401 and 403.
        let message =
            kind == .unauthorized
            ? "The provider \(provider) refused the gateway's credentials (\(statusText))."
            : "The provider \(provider) answered \(text)"
        return ProviderFailure(
            kind,
            message,
            provider: provider,
            status: status,
            parameter: view.flatMap { $0["param"]?.string?.bounded(to: 200) },
            code: code?.bounded(to: 64)
        )
    }

    /// From a transfer that failed. `begun` tells whether any of the answer had been read.
    static func from(_ failure: TransferFailure, provider: String) -> ProviderFailure {
        let kind: Kind =
            switch failure.kind {
            case .cancelled, .shutDown: .cancelled
            case .firstByteTimeout, .idleTimeout, .totalTimeout, .connectTimeout: .timeout
            case .connectionLost: .connectionLost
            case .couldNotResolve, .couldNotConnect: .connectionFailed
            case .tls, .invalidURL, .invalidRequest: .misconfigured
            case .responseTooLarge, .protocolError, .other: .malformed
            }
        return ProviderFailure(kind, "The provider \(provider) failed: \(failure.message)", provider: provider)
    }

    private static func kind(status: Int?, code: String?, message: String) -> Kind {
        if code == "context_length_exceeded" || contextPhrases.contains(where: { message.contains($0) }) {
            return .contextTooLong
        }
        if code == "insufficient_quota" { return .quotaExceeded }
        if code == "invalid_api_key" || code == "authentication_error" { return .unauthorized }
        switch status {
        case 401, 403: return .unauthorized
        case 402: return .quotaExceeded
        case 404: return .modelNotFound
        case 408, 504: return .timeout
        case 429: return .rateLimited
        case 503, 529: return .overloaded
        case .some(400..<500): return .badRequest
        case nil where code == "rate_limit_exceeded": return .rateLimited
        default: return .serverError
        }
    }

    /// The words by which vendors say that a conversation is too long (`clients.md` 1.6, 5.6).
    private static let contextPhrases = [
        "maximum context length", "context length exceeded", "exceeds the context window", "prompt is too long",
        "Range of input length should be", "exceed_context_size", "exceeds the available context size",
    ]

    /// `retry-after-ms`, or `retry-after` in seconds. A date is left to the client's own back-off.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        if let text = headers["retry-after-ms"], let value = Double(text), value >= 0, value < 86_400_000 {
            return .milliseconds(Int64(value))
        }
        if let text = headers["retry-after"], let value = Double(text), value >= 0, value < 86_400 {
            return .milliseconds(Int64(value * 1000))
        }
        return nil
    }
}

extension String {
    /// At most so many characters, without control characters: an upstream's text ends up in logs and answers.
    func bounded(to count: Int) -> String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.lazy.filter { $0.value >= 32 && !(127...159).contains($0.value) }.prefix(count)
            )
        )
    }
}
