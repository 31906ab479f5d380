// Anything that speaks `POST {base}/chat/completions`: OpenAI, vLLM, llama.cpp, Ollama, DeepSeek and many more.

package import HTTPTransport
package import Identity
import JSON

/// An upstream that speaks the OpenAI protocol.
package struct OpenAICompatibleProvider: UpstreamProvider {
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
    var exchange: UpstreamExchange
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
        try await habits.start(call, send)
    }

    @Sendable private func send(_ call: ModelCall, _ reportsUsage: Bool) async throws(ProviderFailure) -> any ModelRound
    {
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
