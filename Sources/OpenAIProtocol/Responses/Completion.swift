// A whole answer (`chat.completion`), collected from deltas and written in one piece.

import JSON

/// Collects what a model says and writes the answer of a request that does not stream.
package struct Completion: Sendable {
    private struct Choice {
        let index: Int
        var content: JSONText?
        var reasoning: JSONText?
        var refusal: JSONText?
        var calls = ToolCallAssembler()
        var extraMessage: [UInt8] = []
        var extraChoice: [UInt8] = []
        var finish: FinishReason?

        init(_ index: Int) {
            self.index = index
        }

        mutating func take(_ delta: ModelDelta) {
            if let text = delta.content { Completion.append(text, to: &content) }
            if let text = delta.reasoning { Completion.append(text, to: &reasoning) }
            if let text = delta.refusal { Completion.append(text, to: &refusal) }
            for call in delta.toolCalls { _ = calls.take(call) }
            // A whole answer brings them once; a later round's stand for the answer that is given.
            if !delta.extraDelta.isEmpty { extraMessage = delta.extraDelta }
            if !delta.extraChoice.isEmpty { extraChoice = delta.extraChoice }
        }
    }

    /// By index: one, as a rule.
    private var choices: [Choice] = []
    private var metadata: [UInt8] = []
    /// What the upstream told of its usage, for a caller who addressed it.
    package var usageDetails = UsageDetails()

    package init() {}

    package mutating func setMetadata(_ members: [UInt8]) {
        metadata = members
    }

    package mutating func take(_ delta: ModelDelta) {
        choices[position(of: delta.choice)].take(delta)
    }

    package mutating func finish(choice index: Int, reason: FinishReason) {
        choices[position(of: index)].finish = reason
    }

    /// Where a choice is, or will be from now on.
    private mutating func position(of index: Int) -> Int {
        if let known = choices.lastIndex(where: { $0.index <= index }) {
            if choices[known].index == index { return known }
            choices.insert(Choice(index), at: known + 1)
            return known + 1
        }
        choices.insert(Choice(index), at: 0)
        return 0
    }

    private var first: Choice? { choices.first { $0.index == 0 } }

    /// The text of the first choice, for surfaces that want nothing else.
    package var text: String { first?.content?.decoded ?? "" }

    /// The calls of the first choice.
    package var toolCalls: [ToolCall] { first?.calls.finished ?? [] }

    /// The JSON of the answer.
    package func body(identity: AnswerIdentity, usage: Usage) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 + (first?.content?.count ?? 0))
        writer.beginObject()
        writer.key("id")
        writer.string(identity.id)
        writer.key("object")
        writer.string("chat.completion")
        writer.key("created")
        writer.int(identity.created)
        writer.key("model")
        writer.string(identity.model)
        writer.key("choices")
        writer.beginArray()
        for choice in choices { Self.write(choice, into: &writer) }
        writer.endArray()
        writer.key("usage")
        usage.write(into: &writer, details: usageDetails)
        if !metadata.isEmpty { writer.members(metadata) }
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ choice: Choice, into writer: inout JSONWriter) {
        let calls = choice.calls.finished
        writer.beginObject()
        writer.key("index")
        writer.int(choice.index)
        writer.key("message")
        writer.beginObject()
        writer.key("role")
        writer.string("assistant")
        writer.key("content")
        if let content = choice.content, !(content.isEmpty && !calls.isEmpty) {
            writer.text(content)
        } else if calls.isEmpty, choice.refusal == nil {
            writer.string("")
        } else {
            writer.null()
        }
        if let reasoning = choice.reasoning, !reasoning.isEmpty {
            writer.key("reasoning_content")
            writer.text(reasoning)
        }
        writer.key("refusal")
        if let refusal = choice.refusal { writer.text(refusal) } else { writer.null() }
        if !calls.isEmpty {
            writer.key("tool_calls")
            writer.beginArray()
            for call in calls { call.write(into: &writer) }
            writer.endArray()
        }
        if !choice.extraMessage.isEmpty { writer.members(choice.extraMessage) }
        writer.endObject()
        if choice.extraChoice.isEmpty {
            writer.key("logprobs")
            writer.null()
        } else {
            writer.members(choice.extraChoice)
        }
        writer.key("finish_reason")
        writer.string((choice.finish ?? .stop).rawValue)
        writer.endObject()
    }

    private static func append(_ text: JSONText, to target: inout JSONText?) {
        if target == nil { target = text } else { target?.append(text) }
    }
}
