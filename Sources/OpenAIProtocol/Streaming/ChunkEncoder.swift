// Writes the chunks of a streamed answer: role first, one kind of text a chunk, the finish once, usage last.

import JSON

/// Encodes deltas as `chat.completion.chunk` frames that openai-python, openai-node and Lobe Chat all accept
/// (`clients.md` 1.5, 2.5).
///
/// Order is its business: the role goes out before anything else of a choice; reasoning, text and tool calls that came
/// together are parted, since Lobe Chat drops the text of a mixed chunk; the finish waits for `finish()`.
package struct ChunkEncoder: Sendable {
    private let head: [UInt8]
    private let tail: [UInt8]
    private var started: Set<Int> = []
    private var chunkMembers: [UInt8] = []
    /// What stands around a text of choice 0 that comes alone: nearly all there is to write.
    private var around: (head: [UInt8], tail: [UInt8])?
    /// What the upstream told of its usage, for a caller who addressed it.
    package var usageDetails = UsageDetails()

    /// - Parameter includeUsage: whether every chunk says `"usage":null` until the last one tells.
    package init(identity: AnswerIdentity, includeUsage: Bool) {
        var writer = JSONWriter(capacity: 160)
        writer.beginObject()
        writer.key("id")
        writer.string(identity.id)
        writer.key("object")
        writer.string("chat.completion.chunk")
        writer.key("created")
        writer.int(identity.created)
        writer.key("model")
        writer.string(identity.model)
        head = ServerSentEvents.prefix + writer.bytes
        tail = Array((includeUsage ? ",\"usage\":null}" : "}").utf8) + ServerSentEvents.suffix
    }

    /// Members of more bytes go out once: `citations` in every chunk would be most of the stream.
    private static let longestRepeated = 1 << 10

    /// Raw members for every following chunk, e.g. `"system_fingerprint":"fp_1"`; long ones for what is said next only.
    package mutating func setMetadata(_ members: [UInt8]) {
        chunkMembers = members.isEmpty ? [] : [0x2C] + ServerSentEvents.oneLine(members)
        around = nil
    }

    /// Appends the frames of one delta. The finish in it is ignored: `finish` writes that.
    package mutating func encode(_ delta: ModelDelta, into out: inout [UInt8]) {
        if !started.contains(delta.choice) { start(choice: delta.choice, into: &out) }
        defer { forgetLongMembers() }
        if let text = delta.onlyText {
            let around = around ?? frameAroundText()
            self.around = around
            out.append(contentsOf: around.head)
            out.append(contentsOf: text.bytes)
            out.append(contentsOf: around.tail)
            return
        }
        if let reasoning = delta.reasoning, !reasoning.isEmpty {
            frame(delta.choice, into: &out) { $0.member("reasoning_content", reasoning) }
        }
        if let content = delta.content, !content.isEmpty || !delta.extraChoice.isEmpty {
            frame(delta.choice, extra: delta.extraChoice, into: &out) { $0.member("content", content) }
        } else if !delta.extraChoice.isEmpty {
            frame(delta.choice, extra: delta.extraChoice, into: &out) { _ in }
        }
        if let refusal = delta.refusal, !refusal.isEmpty {
            frame(delta.choice, into: &out) { $0.member("refusal", refusal) }
        }
        if !delta.extraDelta.isEmpty {
            frame(delta.choice, into: &out) { $0.append(contentsOf: ServerSentEvents.oneLine(delta.extraDelta)) }
        }
        for call in delta.toolCalls {
            frame(delta.choice, into: &out) { $0.member(call) }
        }
    }

    /// Makes sure that the choice's role has been said; an answer without a word still has a beginning.
    package mutating func start(choice: Int, into out: inout [UInt8]) {
        guard started.insert(choice).inserted else { return }
        frame(choice, into: &out) { $0.append(contentsOf: Self.opening) }
    }

    /// The choice's last chunk: an empty delta with the reason.
    package mutating func finish(choice: Int, reason: FinishReason, into out: inout [UInt8]) {
        start(choice: choice, into: &out)
        frame(choice, finish: reason, into: &out) { _ in }
        forgetLongMembers()
    }

    private mutating func forgetLongMembers() {
        if chunkMembers.count > Self.longestRepeated { setMetadata([]) }
    }

    /// The chunk with `choices: []` that stands last before `[DONE]`.
    package func usage(_ usage: Usage, into out: inout [UInt8]) {
        out.append(contentsOf: head)
        out.append(contentsOf: chunkMembers)
        out.append(contentsOf: Self.emptyChoices)
        var writer = JSONWriter(capacity: 200)
        usage.write(into: &writer, details: usageDetails)
        out.append(contentsOf: writer.bytes)
        out.append(0x7D)
        out.append(contentsOf: ServerSentEvents.suffix)
    }

    private func frameAroundText() -> (head: [UInt8], tail: [UInt8]) {
        var bytes: [UInt8] = []
        var place = 0
        frame(0, into: &bytes) { out in
            out.append(contentsOf: "\"content\":\"".utf8)
            place = out.count
            out.append(0x22)
        }
        return (Array(bytes[..<place]), Array(bytes[place...]))
    }

    private func frame(
        _ choice: Int,
        extra: [UInt8] = [],
        finish: FinishReason? = nil,
        into out: inout [UInt8],
        delta: (inout [UInt8]) -> Void
    ) {
        out.append(contentsOf: head)
        out.append(contentsOf: chunkMembers)
        out.append(contentsOf: Self.choices)
        out.append(contentsOf: String(choice).utf8)
        out.append(contentsOf: Self.delta)
        delta(&out)
        out.append(0x7D)
        if extra.isEmpty {
            out.append(contentsOf: Self.noLogprobs)
        } else {
            out.append(0x2C)
            out.append(contentsOf: ServerSentEvents.oneLine(extra))
        }
        out.append(contentsOf: Self.finishReason)
        if let finish {
            out.append(0x22)
            out.append(contentsOf: finish.rawValue.utf8)
            out.append(0x22)
        } else {
            out.append(contentsOf: Self.null)
        }
        out.append(0x7D)
        out.append(0x5D)
        out.append(contentsOf: tail)
    }

    private static let opening = Array("\"role\":\"assistant\",\"content\":\"\"".utf8)
    private static let choices = Array(",\"choices\":[{\"index\":".utf8)
    private static let emptyChoices = Array(",\"choices\":[],\"usage\":".utf8)
    private static let delta = Array(",\"delta\":{".utf8)
    private static let noLogprobs = Array(",\"logprobs\":null".utf8)
    private static let finishReason = Array(",\"finish_reason\":".utf8)
    private static let null = Array("null".utf8)
}

extension [UInt8] {
    fileprivate mutating func member(_ name: StaticString, _ text: JSONText) {
        append(0x22)
        name.withUTF8Buffer { append(contentsOf: $0) }
        append(0x22)
        append(0x3A)
        append(0x22)
        append(contentsOf: text.bytes)
        append(0x22)
    }

    fileprivate mutating func member(_ call: ToolCallDelta) {
        append(contentsOf: "\"tool_calls\":[{\"index\":".utf8)
        append(contentsOf: String(call.index).utf8)
        if let id = call.id {
            append(0x2C)
            member("id", JSONText(escaping: id))
            append(contentsOf: ",\"type\":\"function\"".utf8)
        }
        append(contentsOf: ",\"function\":{".utf8)
        if let name = call.name {
            member("name", JSONText(escaping: name))
            append(0x2C)
        }
        member("arguments", call.arguments)
        append(contentsOf: "}}]".utf8)
    }
}
