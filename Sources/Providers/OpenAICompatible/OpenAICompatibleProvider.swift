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
        /// Sent with every request.
        package var headers: [String: String]
        package var timeouts: TransferTimeouts
        /// Bytes of one event or one whole answer at the most.
        package var answerLimit: Int

        package init(
            name: String,
            baseURL: String,
            apiKey: Secret?,
            headers: [String: String] = [:],
            timeouts: TransferTimeouts = TransferTimeouts(),
            answerLimit: Int = 16 << 20
        ) {
            self.name = name
            self.baseURL = baseURL.withoutTrailingSlashes
            self.apiKey = apiKey
            self.headers = headers
            self.timeouts = timeouts
            self.answerLimit = answerLimit
        }
    }

    package var name: String { configuration.name }
    let configuration: Configuration
    let exchange: UpstreamExchange
    private let habits = UpstreamHabits()

    package init(configuration: Configuration, client: HTTPClient) {
        self.configuration = configuration
        exchange = UpstreamExchange(
            provider: configuration.name,
            client: client,
            timeouts: configuration.timeouts,
            answerLimit: configuration.answerLimit
        )
    }

    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        var call = call
        call.stream = call.stream || habits.has(.onlyStreams, model: call.model)
        if habits.has(.wantsCompletionTokens, model: call.model) { call.renameMaximumTokens() }
        var reportsUsage = !habits.has(.refusesStreamOptions, model: call.model)
        var learnt: [UpstreamHabits.Habit] = []
        while true {
            do {
                let round = try await send(call, reportsUsage: reportsUsage)
                for habit in learnt { habits.note(habit, model: call.model) }
                return round
            } catch {
                // These are known of the server only when it has refused them; then the same call, as it can be made. A
                // refusal may only repeat the caller's words: what is remembered is what has helped.
                if reportsUsage, call.stream, error.refuses("stream_options") {
                    learnt.append(.refusesStreamOptions)
                    reportsUsage = false
                } else if error.wantsCompletionTokens, call.renameMaximumTokens() {
                    learnt.append(.wantsCompletionTokens)
                } else if !call.stream, error.wantsStream {
                    learnt.append(.onlyStreams)
                    call.stream = true
                } else {
                    throw error
                }
            }
        }
    }

    private func send(_ call: ModelCall, reportsUsage: Bool) async throws(ProviderFailure) -> any ModelRound {
        let key = call.credential ?? configuration.apiKey
        var headers = UpstreamExchange.headers(for: call, extra: configuration.headers)
        if let key { headers.set("Authorization", "Bearer \(key.reveal())") }
        return try await exchange.start(
            call,
            url: configuration.baseURL + "/chat/completions",
            headers: headers,
            body: Self.body(of: call, reportsUsage: reportsUsage),
            reader: ChunkReader(provider: name),
            secret: key
        )
    }

    /// The request's JSON: what the client wrote keeps its bytes.
    static func body(of call: ModelCall, reportsUsage: Bool = true) -> [UInt8] {
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
            bytes.append(contentsOf: ",\"stream\":true".utf8)
            if reportsUsage { bytes.append(contentsOf: ",\"stream_options\":{\"include_usage\":true}".utf8) }
            bytes.append(0x7D)
        } else {
            bytes.append(contentsOf: ",\"stream\":false}".utf8)
        }
        return bytes
    }
}

extension [UInt8] {
    /// Appends JSON texts with commas between them.
    mutating func append(joining texts: [[UInt8]]) {
        var isFirst = true
        for text in texts where !text.isEmpty {
            if !isFirst { append(0x2C) }
            isFirst = false
            append(contentsOf: text)
        }
    }
}

extension ModelCall {
    /// Gives the bound on the answer's tokens its newer name.
    ///
    /// - Returns: whether it had only the older one.
    @discardableResult
    fileprivate mutating func renameMaximumTokens() -> Bool {
        guard let document = try? JSONDocument(parsing: [0x7B] + parameters + [0x7D]),
            document.root["max_completion_tokens"] == nil,
            let member = document.root.members.first(where: { $0.keyEquals("max_tokens") })
        else { return false }
        let renamed = splice(document.bytes, [(member.keyView.range, Array("\"max_completion_tokens\"".utf8))])
        parameters = Array(renamed.dropFirst().dropLast())
        return true
    }
}

extension ProviderFailure {
    /// OpenAI's words for its reasoning models, which know `max_tokens` no more.
    fileprivate var wantsCompletionTokens: Bool { refuses("max_tokens") && message.contains("max_completion_tokens") }

    /// Whether the upstream says that it does not take this member.
    func refuses(_ member: String) -> Bool { kind == .badRequest && (parameter == member || message.contains(member)) }

    /// DashScope's words for models that answer in pieces only (`clients.md` 5.6).
    fileprivate var wantsStream: Bool {
        kind == .badRequest
            && (message.contains("only support stream") || message.contains("non-streaming calls")
                || message.contains("stream must be set to true"))
    }
}
