// What a failed transfer means for the message: not sent, or sent perhaps.

import HTTPTransport
import JSON

extension DeliveryResult {
    /// Before the request left us nothing can have been taken; afterwards nobody knows.
    static func failed(_ failure: TransferFailure) -> DeliveryResult {
        switch failure.kind {
        case .invalidURL, .invalidRequest: .refused(failure.message)
        case .couldNotResolve, .couldNotConnect, .tls, .connectTimeout: .retry(after: nil, failure.message)
        default: .unknown(failure.message)
        }
    }
}

extension NotificationChannel {
    /// A text member of the configuration.
    func text(_ member: String) -> String? { config[member]?.string }

    /// A member, or what its shape assumes.
    func value(_ member: String) -> JSONValue {
        config[member] ?? type.shape.member(member)?.assumed ?? .null
    }

    /// How long an attempt may take, phase by phase.
    var timeouts: TransferTimeouts {
        let total = Duration.seconds(value("timeout_seconds").int ?? 30)
        return TransferTimeouts(connect: min(total, .seconds(10)), firstByte: total, idle: total, total: total)
    }

    var verifiesTLS: Bool { value("verify_tls").bool ?? true }

    /// A request with the channel's ways of connecting. The transport does not repeat it: whether that may be is not
    /// for the transport to know.
    func request(
        _ method: String,
        _ url: String,
        headers: HeaderLines = [:],
        body: [UInt8]? = nil
    ) -> TransferRequest {
        var request = TransferRequest(
            method: method,
            url: url,
            headers: headers,
            body: body,
            timeouts: timeouts,
            verifyTLS: verifiesTLS,
            caFile: text("ca_file")
        )
        request.isSentOnce = true
        request.refusesLinkLocal = true
        return request
    }
}
