// Anything that speaks `POST {base}/chat/completions`: OpenAI, vLLM, llama.cpp, Ollama, DeepSeek and many more.

package import HTTPTransport
import JSON
import OpenAIProtocol

/// An upstream that speaks the OpenAI protocol.
package struct OpenAICompatibleProvider: UpstreamProvider {
    package var name: String { exchange.provider }
    var exchange: UpstreamExchange
    private let habits = UpstreamHabits()
    /// OpenAI itself does, by default (`gateways.md` (e)).
    private let padsChunks: Bool

    /// - Parameter configuration: `baseURL` up to and including `/v1`; the key is sent as `Authorization: Bearer`.
    package init(configuration: UpstreamConfiguration, client: HTTPClient) {
        exchange = UpstreamExchange(configuration: configuration, client: client)
        let host = ProviderSettings.destination(of: configuration.baseURL)
        padsChunks =
            configuration.dialect == "openai" || host.hasSuffix("//api.openai.com") || host.hasSuffix(".api.openai.com")
    }

    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        try await habits.start(call, extra: exchange.configuration.extra, padsChunks: padsChunks, send)
    }

    @Sendable private func send(_ call: ModelCall, _ form: ChatForm) async throws(ProviderFailure) -> any ModelRound {
        let (headers, key) = exchange.opening(of: call, bearer)
        return try await exchange.start(
            call,
            url: exchange.configuration.baseURL + "/chat/completions",
            headers: headers,
            body: Self.body(of: call, form),
            reader: ChunkReader(provider: name, names: form.names),
            secret: key,
            dropped: form.dropped
        )
    }

    /// The request's JSON: what the client wrote keeps its bytes.
    static func body(of call: ModelCall, _ form: ChatForm = ChatForm()) -> [UInt8] {
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
        // Their names need no escapes (`VendorMembers`), and none is a name that is written here.
        for member in call.vendorMembers {
            bytes.append(contentsOf: ",\"\(member.name)\":".utf8)
            bytes.append(contentsOf: member.json)
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
            if form.reportsUsage {
                bytes.append(contentsOf: ",\"stream_options\":{\"include_usage\":true".utf8)
                if form.refusesPadding { bytes.append(contentsOf: ",\"include_obfuscation\":false".utf8) }
                bytes.append(0x7D)
            }
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
