// Writes blocks as the events of a streamed message.

import JSON
import OpenAIProtocol

/// Encodes in the order that the SDKs check: `message_start`, each block's start, deltas and stop, `message_delta`,
/// `message_stop`. Every event is named in its `event:` line and in its `type`.
struct MessageEncoder {
    private let identity: MessageIdentity
    private let promptTokens: Int
    private var index = -1
    private var kind = MessageBlocks.Kind.text
    private var hasStarted = false

    /// - Parameter promptTokens: as far as can be told before a model has counted them.
    init(identity: MessageIdentity, promptTokens: Int = 0) {
        self.identity = identity
        self.promptTokens = promptTokens
    }

    /// Keeps clients and proxies waiting.
    static let ping = event("ping") { $0.type("ping") }

    /// The message without its content. Its tokens are an estimate, for clients that show them at once;
    /// `message_delta` has those that the model counted.
    mutating func start(into out: inout [UInt8]) {
        guard !hasStarted else { return }
        hasStarted = true
        out += Self.event("message_start") { writer in
            writer.type("message_start")
            writer.key("message")
            writer.beginObject()
            identity.write(into: &writer)
            writer.key("content")
            writer.beginArray()
            writer.endArray()
            MessageStop.write(nil, into: &writer)
            writer.key("usage")
            Usage(promptTokens: promptTokens).writeAnthropic(into: &writer)
            writer.endObject()
        }
        out += Self.ping
    }

    mutating func encode(_ actions: [MessageBlocks.Action], into out: inout [UInt8]) {
        guard !actions.isEmpty else { return }
        start(into: &out)
        for action in actions {
            switch action {
            case .open(let kind):
                self.kind = kind
                index += 1
                out += Self.event("content_block_start") { writer in
                    writer.type("content_block_start")
                    writer.key("index")
                    writer.int(index)
                    writer.key("content_block")
                    kind.write(input: Self.nothing, text: JSONText(), into: &writer)
                }
            case .more(let text): delta(text, into: &out)
            case .close:
                out += Self.event("content_block_stop") { writer in
                    writer.type("content_block_stop")
                    writer.key("index")
                    writer.int(index)
                }
            }
        }
    }

    /// The end of a message that is complete.
    mutating func finish(_ stop: MessageStop, usage: Usage, into out: inout [UInt8]) {
        start(into: &out)
        out += Self.event("message_delta") { writer in
            writer.type("message_delta")
            writer.key("delta")
            writer.beginObject()
            MessageStop.write(stop, into: &writer)
            writer.endObject()
            writer.key("usage")
            usage.writeAnthropic(into: &writer)
        }
        out += Self.event("message_stop") { $0.type("message_stop") }
    }

    private func delta(_ text: JSONText, into out: inout [UInt8]) {
        let (type, member): (StaticString, StaticString) =
            switch kind {
            case .text: ("text_delta", "text")
            case .thinking: ("thinking_delta", "thinking")
            case .call: ("input_json_delta", "partial_json")
            }
        // By hand: this is written for every piece of every answer.
        out.reserveCapacity(out.count + text.count + 150)
        out.append(contentsOf: Self.deltaHead)
        out.append(contentsOf: String(index).utf8)
        out.append(contentsOf: Self.deltaType)
        type.withUTF8Buffer { out.append(contentsOf: $0) }
        out.append(contentsOf: Self.deltaMember)
        member.withUTF8Buffer { out.append(contentsOf: $0) }
        out.append(contentsOf: Self.deltaText)
        out.append(contentsOf: text.bytes)
        out.append(contentsOf: Self.deltaTail)
    }

    static func event(_ name: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacity: 200)
        writer.beginObject()
        members(&writer)
        writer.endObject()
        var bytes: [UInt8] = []
        ServerSentEvents.append(writer.bytes, event: name, to: &bytes)
        return bytes
    }

    private static let nothing = Array("{}".utf8)
    private static let deltaHead = Array(
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":".utf8
    )
    private static let deltaType = Array(",\"delta\":{\"type\":\"".utf8)
    private static let deltaMember = Array("\",\"".utf8)
    private static let deltaText = Array("\":\"".utf8)
    private static let deltaTail = Array("\"}}\n\n".utf8)
}

extension MessageBlocks.Kind {
    /// Writes a block.
    ///
    /// - Parameters:
    ///   - input: of a call, a JSON object.
    ///   - text: of the others.
    func write(input: [UInt8], text: JSONText, into writer: inout JSONWriter) {
        writer.beginObject()
        switch self {
        case .text:
            writer.type("text")
            writer.key("text")
            writer.text(text)
        case .thinking:
            writer.type("thinking")
            writer.key("thinking")
            writer.text(text)
            // The author's signature stays in the adapter, which puts it back (`ReplayMemory`).
            writer.key("signature")
            writer.string("")
        case .call(let id, let name):
            writer.type("tool_use")
            writer.key("id")
            writer.string(id)
            writer.key("name")
            writer.string(name)
            writer.key("input")
            writer.raw(input)
        }
        writer.endObject()
    }
}

extension JSONWriter {
    mutating func type(_ name: String) {
        key("type")
        string(name)
    }
}
