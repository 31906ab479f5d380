// Anything that speaks `POST {base}/chat/completions`: OpenAI, vLLM, llama.cpp, Ollama, DeepSeek and many more.

package import HTTPTransport
package import Identity
import JSON

/// An upstream that speaks the OpenAI protocol.
package struct OpenAICompatibleProvider: ModelProvider {
    package struct Configuration: Sendable {
        package var name: String
        /// Up to and including `/v1`; a trailing slash is cut.
        package var baseURL: String
        /// Sent as `Authorization: Bearer`; local servers need none.
        package var apiKey: Secret?
        package var timeouts: TransferTimeouts
        /// Bytes of one event or one whole answer at the most.
        package var answerLimit: Int

        package init(
            name: String,
            baseURL: String,
            apiKey: Secret?,
            timeouts: TransferTimeouts = TransferTimeouts(),
            answerLimit: Int = 16 << 20
        ) {
            self.name = name
            var base = baseURL
            while base.hasSuffix("/") { base.removeLast() }
            self.baseURL = base
            self.apiKey = apiKey
            self.timeouts = timeouts
            self.answerLimit = answerLimit
        }
    }

    package var name: String { configuration.name }
    private let configuration: Configuration
    private let client: HTTPClient
    private let headers: HTTPHeaders

    package init(configuration: Configuration, client: HTTPClient) {
        self.configuration = configuration
        self.client = client
        var headers: HTTPHeaders = ["Content-Type": "application/json"]
        if let key = configuration.apiKey { headers.set("Authorization", "Bearer \(key.reveal())") }
        self.headers = headers
    }

    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        var headers = headers
        if let key = call.credential { headers.set("Authorization", "Bearer \(key.reveal())") }
        if let trace = call.traceParent { headers.set("traceparent", trace) }
        headers.set("Accept", call.stream ? "text/event-stream" : "application/json")
        headers.set("X-Request-Id", call.requestID)
        var timeouts = call.timeouts ?? configuration.timeouts
        // The head of a whole answer comes when the answer is done.
        if !call.stream { (timeouts.firstByte, timeouts.idle) = (timeouts.total, timeouts.total) }
        if let deadline = call.deadline {
            timeouts.total = min(timeouts.total, max(deadline - ContinuousClock.now, .milliseconds(1)))
        }
        let request = TransferRequest(
            method: "POST",
            url: configuration.baseURL + "/chat/completions",
            headers: headers,
            body: Self.body(of: call),
            timeouts: timeouts,
            version: call.stream ? .http1 : .http2WhenWhole
        )
        do {
            return call.stream ? try await startStream(request) : try await fetchWhole(request)
        } catch {
            throw error.hiding(call.credential ?? configuration.apiKey)
        }
    }

    private func fetchWhole(_ request: TransferRequest) async throws(ProviderFailure) -> any ModelRound {
        let response: WholeResponse
        do {
            response = try await client.fetch(request, bodyLimit: configuration.answerLimit)
        } catch {
            throw .from(error, provider: name)
        }
        guard response.status == 200 else {
            throw .from(status: response.status, headers: response.headers, body: response.body, provider: name)
        }
        var reader = ChunkReader(provider: name)
        var events: [ModelEvent] = []
        if response.body.first(where: { !$0.isWhiteSpace }) == 0x7B {
            try reader.read(response.body, into: &events)
        } else {
            // A stream where none was asked for: a proxy before the model, or a model that can only stream.
            var frames = EventReader(reader: reader, limit: configuration.answerLimit)
            events = try frames.take(response.body)
            events += try frames.end()
            reader = frames.reader
        }
        guard reader.sawFinish || events.contains(where: \.saysSomething) else {
            throw reader.malformed("answered without a choice")
        }
        return FinishedRound(events)
    }

    private func startStream(_ request: TransferRequest) async throws(ProviderFailure) -> any ModelRound {
        do {
            let response = try await client.stream(request)
            guard response.status == 200 else {
                let body = try await response.collect(limit: 64 << 10)
                throw ProviderFailure.from(
                    status: response.status,
                    headers: response.headers,
                    body: body,
                    provider: name
                )
            }
            let round = StreamedRound(response: response, provider: name, limit: configuration.answerLimit)
            // The first event decides whether the upstream took the call: some answer 200 and then an error
            // (`gateways.md` (c) 10), and the client should still get a status for that.
            try await round.prefetch()
            return round
        } catch let failure as TransferFailure {
            throw .from(failure, provider: name)
        } catch let failure as ProviderFailure {
            throw failure
        } catch {
            throw ProviderFailure(.serverError, "The provider \(name) failed.", provider: name)
        }
    }

    /// The request's JSON: what the client wrote keeps its bytes.
    static func body(of call: ModelCall) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(call.messages.reduce(256 + call.parameters.count) { $0 + $1.count + 1 })
        var writer = JSONWriter(capacity: 64)
        writer.string(call.model)
        bytes.append(contentsOf: "{\"model\":".utf8)
        bytes.append(contentsOf: writer.bytes)
        bytes.append(contentsOf: ",\"messages\":[".utf8)
        bytes.append(joining: call.messages)
        bytes.append(0x5D)
        if !call.parameters.isEmpty {
            bytes.append(0x2C)
            bytes.append(contentsOf: call.parameters)
        }
        if !call.tools.isEmpty {
            bytes.append(contentsOf: ",\"tools\":[".utf8)
            bytes.append(joining: call.tools.map(\.json))
            bytes.append(0x5D)
            if let choice = call.toolChoice {
                bytes.append(contentsOf: ",\"tool_choice\":".utf8)
                bytes.append(contentsOf: choice.bytes)
            }
        }
        if call.stream {
            // Without it most upstreams report no usage for a stream (`gateways.md` (c) 18).
            bytes.append(contentsOf: ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}".utf8)
        } else {
            bytes.append(contentsOf: ",\"stream\":false}".utf8)
        }
        return bytes
    }
}

extension [UInt8] {
    /// Appends JSON texts with commas between them.
    fileprivate mutating func append(joining texts: [[UInt8]]) {
        var isFirst = true
        for text in texts where !text.isEmpty {
            if !isFirst { append(0x2C) }
            isFirst = false
            append(contentsOf: text)
        }
    }
}

extension UInt8 {
    var isWhiteSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}

extension ModelEvent {
    var saysSomething: Bool {
        if case .delta = self { return true }
        return false
    }
}
