// One request to an upstream over HTTP and its answer, whole or in pieces: the same for every protocol.

import HTTPTransport
import Identity

/// A provider that is asked over HTTP.
protocol UpstreamProvider: ModelProvider {
    var exchange: UpstreamExchange { get set }
}

/// How a provider's requests are sent.
struct UpstreamExchange: Sendable {
    let configuration: UpstreamConfiguration
    let client: HTTPClient
    /// For addresses that were entered over HTTP: names among them may lead to clouds' metadata services.
    var refusesLinkLocal = false

    var provider: String { configuration.name }
    private var answerLimit: Int { configuration.answerLimit }

    /// What every request carries, and the key that it shows.
    ///
    /// - Parameters:
    ///   - own: a field that the protocol wants besides.
    ///   - presentation: the header in which the protocol has a key.
    func opening(
        of call: ModelCall,
        with own: (name: String, value: String)? = nil,
        _ presentation: (String) -> (name: String, value: String)
    ) -> (headers: HeaderLines, key: Secret?) {
        let key = call.credential ?? configuration.apiKey
        let shown = key.map { presentation($0.reveal()) }
        guard configuration.headers.isEmpty else { return (configured(call, [own, shown].compactMap(\.self)), key) }
        var lines = call.stream ? Self.streamed : Self.whole
        eachField(of: call) { lines.add($0, $1) }
        if let own { lines.add(own.name, own.value) }
        if let shown { lines.add(shown.name, shown.value) }
        return (lines, key)
    }

    private func eachField(of call: ModelCall, _ body: (_ name: String, _ value: String) -> Void) {
        body("X-Request-Id", call.requestID)
        guard configuration.sendsTrace, let trace = call.traceParent else { return }
        body("traceparent", trace)
        if let state = call.traceState { body("tracestate", state) }
    }

    /// A configured header replaces one of ours, but for those that the protocol cannot do without.
    private func configured(_ call: ModelCall, _ needed: [(name: String, value: String)]) -> HeaderLines {
        let form = call.stream ? "text/event-stream" : "application/json"
        var headers: HTTPHeaders = ["Content-Type": "application/json", "Accept": form]
        eachField(of: call) { headers.add($0, $1) }
        for (name, value) in configuration.headers.sorted(by: { $0.key < $1.key }) { headers.set(name, value) }
        for (name, value) in needed { headers.set(name, value) }
        return HeaderLines(headers)
    }

    /// What all requests have alike, written once.
    private static let whole: HeaderLines = ["Content-Type": "application/json", "Accept": "application/json"]
    private static let streamed: HeaderLines = ["Content-Type": "application/json", "Accept": "text/event-stream"]

    /// Sends a call and returns when the upstream has taken it: some answer 200 and then an error (`gateways.md` (c)
    /// 10), and the client should still get a status for that.
    ///
    /// - Parameter secret: the key in the headers, hidden in what the upstream says.
    func start(
        _ call: ModelCall,
        url: String,
        headers: HeaderLines,
        body: [UInt8],
        reader: some AnswerReader,
        secret: Secret?,
        dropped: [String] = []
    ) async throws(ProviderFailure) -> any ModelRound {
        var timeouts = call.timeouts ?? configuration.timeouts
        if !call.stream { timeouts = timeouts.forWholeAnswer }
        if let deadline = call.deadline {
            timeouts.total = min(timeouts.total, max(deadline - ContinuousClock.now, .milliseconds(1)))
        }
        var request = TransferRequest(
            method: "POST",
            url: url,
            headers: headers,
            body: body,
            timeouts: timeouts,
            version: call.stream ? .http1 : .http2WhenWhole
        )
        request.refusesLinkLocal = refusesLinkLocal
        do {
            if call.stream { return try await stream(request, reader: reader, secret: secret, dropped: dropped) }
            let (events, model) = try read(try await fetch(request), reader: reader)
            return FinishedRound(events, dropped: dropped, answeredModel: model)
        } catch {
            throw error.hiding(secret)
        }
    }

    /// The body of an answer with status 200.
    func fetch(_ request: TransferRequest) async throws(ProviderFailure) -> [UInt8] {
        let response: WholeResponse
        do {
            response = try await client.fetch(request, bodyLimit: answerLimit)
        } catch {
            throw .from(error, provider: provider)
        }
        guard response.status == 200 else {
            throw .from(status: response.status, headers: response.headers, body: response.body, provider: provider)
        }
        return response.body
    }

    private func read(
        _ body: [UInt8],
        reader: some AnswerReader
    ) throws(ProviderFailure) -> (events: [ModelEvent], model: String?) {
        var reader = reader
        var events: [ModelEvent] = []
        if let first = body.first(where: { !$0.isWhiteSpace }), first == 0x7B || first == 0x5B {
            try reader.readWhole(body, into: &events)
        } else {
            // A stream where none was asked for: a proxy before the model, or a model that can only stream.
            var frames = EventReader(reader: reader, limit: answerLimit)
            events = try frames.take(body)
            events += try frames.end()
            reader = frames.reader
        }
        guard reader.sawFinish || events.contains(where: \.saysSomething) else {
            throw reader.malformed("answered without a choice")
        }
        return (events, reader.answeredModel)
    }

    private func stream<Reader: AnswerReader>(
        _ request: TransferRequest,
        reader: Reader,
        secret: Secret?,
        dropped: [String]
    ) async throws(ProviderFailure) -> any ModelRound {
        do {
            let response = try await client.stream(request)
            guard response.status == 200 else {
                let body = try await response.collect(limit: 64 << 10)
                throw ProviderFailure.from(
                    status: response.status,
                    headers: response.headers,
                    body: body,
                    provider: provider
                )
            }
            let round = StreamedRound(
                response: response,
                reader: reader,
                limit: answerLimit,
                dropped: dropped,
                secret: secret
            )
            try await round.prefetch()
            return round
        } catch let failure as TransferFailure {
            throw .from(failure, provider: provider)
        } catch let failure as ProviderFailure {
            throw failure
        } catch {
            throw ProviderFailure(.serverError, "The provider \(provider) failed.", provider: provider)
        }
    }
}

/// `Authorization: Bearer …`
func bearer(_ key: String) -> (name: String, value: String) { ("Authorization", "Bearer \(key)") }

extension UInt8 {
    var isWhiteSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}

extension String {
    /// An address as settings hold it: what is put behind it begins with a slash.
    package var withoutTrailingSlashes: String {
        var text = self
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }

    /// As one segment of a path (RFC 3986): a model's name cannot leave its place in the URL.
    var pathSegment: String {
        var result = ""
        for byte in utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    /// Whether it can be a segment of a path once it is encoded. One of dots is resolved away, encoded or not (WHATWG
    /// URL; libcurl 8 does it before sending), and what servers make of control characters is anybody's guess.
    var fitsPath: Bool {
        !isEmpty && self != "." && self != ".."
            && !unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
