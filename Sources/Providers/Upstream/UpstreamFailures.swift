// Turns what an upstream's HTTP answer or a broken transfer says into a `ProviderFailure`.

import Glibc
import HTTPTransport
import JSON

extension ProviderFailure {
    /// From an answer that is no success. The body is read for OpenAI's error object and a few vendors' flat ones.
    static func from(status: Int, headers: HTTPHeaders, body: [UInt8], provider: String) -> ProviderFailure {
        let error = try? JSONDocument(parsing: body, limits: JSONLimits(depth: 32))
        // Gemini's streams wrap it in an array.
        let root = error.map { $0.root[0] ?? $0.root }
        let view = root.map { $0["error"] ?? $0 }
        var failure = from(error: view, status: status, provider: provider)
        if let wait = retryAfter(headers) { failure.retryAfter = wait }
        return failure
    }

    /// From an error object, of an HTTP answer or of an event inside a stream.
    static func from(error view: JSONView?, status: Int?, provider: String) -> ProviderFailure {
        let said = view.flatMap { words($0["message"]) ?? words($0["detail"]) ?? $0.string } ?? ""
        let type = view.flatMap { $0["type"]?.string ?? $0["status"]?.string }
        let reason = view.flatMap { $0["details"]?[0]?["reason"]?.string }
        let code = view.flatMap { $0["code"]?.string } ?? reason
        // OpenRouter and Gemini say the status that they would have answered, inside a stream of status 200.
        let said200 = status == nil ? view.flatMap { $0["code"]?.int } : nil
        let statusText = status.map { "HTTP \($0)" } ?? "an error event"
        let text = said.isEmpty ? statusText : "\(statusText): \(said.bounded(to: 600))"
        let kind = kind(status: status ?? said200, code: code, type: type, message: said)
        var effective = status ?? said200.flatMap { (400..<600).contains($0) ? $0 : nil }
        if effective == nil, kind == .unauthorized {
            let names = [code, type].compactMap(\.self)
            effective = names.contains("authentication_error") || names.contains("UNAUTHENTICATED") ? 401 : 403
        }
        // Keys are echoed, masked or not, in the texts that come with 401 and 403.
        let message =
            kind == .unauthorized
            ? "The provider \(provider) refused the gateway's credentials (\(statusText))."
            : "The provider \(provider) answered \(text)"
        return ProviderFailure(
            kind,
            message,
            provider: provider,
            status: effective,
            retryAfter: view.flatMap(retryDelay),
            parameter: view.flatMap { word($0["param"]?.string)?.bounded(to: 200) },
            code: word(code)?.bounded(to: 64)
        )
    }

    /// From the data of an event whose name is `error`, in whatever form.
    static func from(errorEvent data: [UInt8], provider: String) -> ProviderFailure {
        let text = JSONValue.string(String(decoding: data.prefix(2_000), as: UTF8.self)).bytes
        let limits = JSONLimits(depth: 32)
        let document = try? JSONDocument(parsing: data, limits: limits)
        let root = (document ?? (try? JSONDocument(parsing: text)))?.root
        let error = root?["error"].flatMap { $0.isNull ? nil : $0 }
        return from(error: error ?? root, status: nil, provider: provider)
    }

    /// A message; pydantic's lists of what is wrong (vLLM, Mistral) as they are.
    private static func words(_ view: JSONView?) -> String? {
        guard let view else { return nil }
        switch view.kind {
        case .string: return view.string
        case .array, .object: return String(decoding: view.rawBytes, as: UTF8.self)
        case .null, .bool, .number: return nil
        }
    }

    /// What some gateways write in place of JSON's null, and statuses in place of codes, say nothing (`gateways.md`
    /// (c) 30).
    private static func word(_ text: String?) -> String? {
        guard let text, !["", "None", "null", "nil"].contains(text), Int(text) == nil else { return nil }
        return text
    }

    /// From a transfer that failed. `begun` tells whether any of the answer had been read.
    static func from(_ failure: TransferFailure, provider: String) -> ProviderFailure {
        let kind: Kind =
            switch failure.kind {
            case .cancelled, .shutDown: .cancelled
            case .firstByteTimeout, .idleTimeout, .totalTimeout: .timeout
            case .connectionLost: .connectionLost
            // Nothing was sent, so nothing is owed.
            case .couldNotResolve, .couldNotConnect, .connectTimeout: .connectionFailed
            case .tls, .invalidURL, .invalidRequest: .misconfigured
            case .responseTooLarge, .protocolError, .other: .malformed
            }
        // Where a provider is reached is for the log, not for its callers.
        var result = ProviderFailure(kind, "The provider \(provider) \(failure.kind.words).", provider: provider)
        result.detail = failure.message
        return result
    }

    private static func kind(status: Int?, code: String?, type: String?, message: String) -> Kind {
        if code == "context_length_exceeded" || type == "exceed_context_size_error"
            || contextPhrases.contains(where: { message.contains($0) })
        {
            return .contextTooLong
        }
        if let kind = code.flatMap({ codes[$0] }) { return kind }
        if status == 400, message.contains("credit balance is too low") { return .quotaExceeded }
        switch status {
        case 401, 403: return .unauthorized
        case 402: return .quotaExceeded
        case 404: return .modelNotFound
        case 408, 504: return .timeout
        case 413: return .requestTooLarge
        case 429: return .rateLimited
        case 503, 529: return .overloaded
        case .some(400..<500): return .badRequest
        case nil: return (code ?? type).flatMap { words[$0] } ?? type.flatMap { words[$0] } ?? .serverError
        default: return .serverError
        }
    }

    /// Codes that say more than the status they come with.
    private static let codes: [String: Kind] = [
        "insufficient_quota": .quotaExceeded, "Arrearage": .quotaExceeded, "invalid_api_key": .unauthorized,
        "authentication_error": .unauthorized, "API_KEY_INVALID": .unauthorized, "InvalidApiKey": .unauthorized,
    ]

    /// What vendors call an error inside a stream, where there is no status (`clients.md` 5.1, 5.2, 5.6).
    private static let words: [String: Kind] = [
        "rate_limit_exceeded": .rateLimited, "rate_limit_error": .rateLimited, "limit_requests": .rateLimited,
        "RESOURCE_EXHAUSTED": .rateLimited, "invalid_request_error": .badRequest, "request_too_large": .requestTooLarge,
        "INVALID_ARGUMENT": .badRequest, "FAILED_PRECONDITION": .badRequest, "BadRequestError": .badRequest,
        "InvalidParameter": .badRequest, "Throttling": .rateLimited, "Throttling.RateQuota": .rateLimited,
        "Throttling.AllocationQuota": .rateLimited, "data_inspection_failed": .badRequest,
        "DataInspectionFailed": .badRequest, "content_filter": .badRequest,
        "authentication_error": .unauthorized, "permission_error": .unauthorized, "UNAUTHENTICATED": .unauthorized,
        "PERMISSION_DENIED": .unauthorized, "billing_error": .quotaExceeded, "insufficient_quota": .quotaExceeded,
        "not_found_error": .modelNotFound, "NOT_FOUND": .modelNotFound, "timeout_error": .timeout,
        "DEADLINE_EXCEEDED": .timeout, "overloaded_error": .overloaded, "UNAVAILABLE": .overloaded,
    ]

    /// `google.rpc.RetryInfo` among the details: `{"retryDelay":"34s"}`.
    private static func retryDelay(_ view: JSONView) -> Duration? {
        guard let details = view["details"] else { return nil }
        for detail in details.elements {
            guard let text = detail["retryDelay"]?.string, text.hasSuffix("s"), let value = Double(text.dropLast()),
                value >= 0, value < 86_400
            else { continue }
            return .milliseconds(Int64(value * 1000))
        }
        return nil
    }

    /// The words by which vendors say that a conversation is too long (`clients.md` 1.6, 5.6).
    private static let contextPhrases = [
        "maximum context length", "context length exceeded", "exceeds the context window", "prompt is too long",
        "Range of input length should be", "exceeds the maximum number of tokens allowed", "exceed context limit",
        "exceed_context_size", "exceeds the available context size",
    ]

    /// `retry-after-ms`, Azure's `x-ms-retry-after-ms`, or `retry-after` in seconds or as a date (`gateways.md` (d)).
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        for name in ["retry-after-ms", "x-ms-retry-after-ms"] {
            if let text = headers[name], let value = Double(text), value >= 0, value < 86_400_000 {
                return .milliseconds(Int64(value))
            }
        }
        if let text = headers["retry-after"], let value = Double(text), value >= 0, value < 86_400 {
            return .milliseconds(Int64(value * 1000))
        }
        if let date = headers["retry-after"].flatMap(HTTPDate.seconds) {
            // By the clock of whoever wrote the date, where it is told.
            let now = headers["date"].flatMap(HTTPDate.seconds) ?? Int64(time(nil))
            return date - now < 86_400 ? .seconds(max(0, date - now)) : nil
        }
        return nil
    }
}

extension TransferFailure.Kind {
    /// What happened, without addresses.
    fileprivate var words: String {
        switch self {
        case .cancelled, .shutDown: "was asked no further"
        case .couldNotResolve: "cannot be found: its name does not resolve"
        case .couldNotConnect: "cannot be reached"
        case .connectTimeout: "cannot be reached in time"
        case .tls: "has no certificate that is trusted, or speaks no TLS that is"
        case .firstByteTimeout: "did not answer in time"
        case .idleTimeout: "fell silent in the middle of its answer"
        case .totalTimeout: "took too long for its answer"
        case .connectionLost: "broke off its answer"
        case .protocolError: "does not speak HTTP as it should"
        case .responseTooLarge: "answered more than is taken"
        case .invalidURL, .invalidRequest: "has settings that make no valid request"
        case .other: "failed"
        }
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
