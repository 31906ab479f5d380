// Sends one request of OTLP over HTTP, as often as the specification says.

import HTTPTransport
import Identity
import JSON

/// One signal's way to the collector (OTLP specification, "OTLP/HTTP").
struct OTLPSender: Sendable {
    /// What became of one attempt.
    enum Outcome: Sendable, Equatable {
        case sent
        /// Worth another attempt, not before this time where the collector has named one.
        case later(after: Duration?, String)
        /// Never to be sent again as it is.
        case refused(String)
    }

    let signal: TelemetrySettings.Signal
    let client: HTTPClient
    let userAgent: String

    func send(_ message: OTLPMessage, within limit: Duration? = nil) async -> Outcome {
        var headers: HTTPHeaders = ["Content-Type": signal.encoding.contentType, "User-Agent": userAgent]
        for header in signal.headers { headers.set(header.name, header.value.reveal()) }
        let body =
            switch signal.encoding {
            case .protobuf: message.protobuf
            case .json: message.json.bytes
            }
        let time = max(min(signal.timeout, limit ?? signal.timeout), .milliseconds(1))
        let request = TransferRequest(
            url: signal.url,
            headers: HeaderLines(headers),
            body: body,
            timeouts: TransferTimeouts(connect: min(time, .seconds(5)), firstByte: time, idle: time, total: time),
            caFile: signal.caFile
        )
        do {
            let answer = try await client.fetch(request, bodyLimit: 1 << 20)
            switch answer.status {
            case 200..<300: return .sent
            case 429, 502, 503, 504:
                return .later(after: Self.wait(answer.headers["retry-after"]), "status \(answer.status)")
            default: return .refused("status \(answer.status)")
            }
        } catch {
            switch error.kind {
            case .invalidURL, .invalidRequest: return .refused(error.message)
            default: return .later(after: nil, error.message)
            }
        }
    }

    /// `Retry-After` in seconds. A date is not worth a calendar here: the usual back-off stands in for it.
    static func wait(_ text: String?) -> Duration? {
        guard let text, let seconds = Int64(text), seconds >= 0 else { return nil }
        return .seconds(min(seconds, 300))
    }
}

/// How long to wait before the next attempt: doubled each time, at random below that, since all nodes lose a collector
/// at the same time.
struct OTLPBackOff: Sendable {
    private var next: Duration
    private let longest: Duration

    init(first: Duration = .seconds(1), longest: Duration = .seconds(30)) {
        next = first
        self.longest = longest
    }

    mutating func pause(after: Duration?, chance: Double = .random(in: 0.5...1)) -> Duration {
        defer { next = min(next * 2, longest) }
        return max(after ?? .zero, next * chance)
    }
}
