// Reads chunks and whole answers of the OpenAI dialects into model events.

import JSON
import OpenAIProtocol

/// Reads the JSON of one upstream round. It remembers only what later pieces need: whether there was a finish.
///
/// Dialects that are smoothed here (`clients.md` 5.7, `gateways.md` (c) 15–24): no role or content in the first chunk,
/// usage on any chunk, arguments as an object, `reasoning` for `reasoning_content`, a `message` where a `delta`
/// belongs, an error object instead of a chunk.
struct ChunkReader: AnswerReader {
    let provider: String
    /// The way back to the tools' own names, where the server was told others.
    private let names: ToolNames?
    /// Whether some choice has ended with a reason.
    private(set) var sawFinish = false
    private(set) var answeredModel: String?
    private var metadata = ChunkMembers()
    /// Made of the last chunk that had nothing but text, and of the last that had nothing but reasoning.
    private var template: ChunkTemplate?
    private var reasoningTemplate: ChunkTemplate?
    /// Where text and reasoning of the chunk that is being read stand.
    private var content: Range<Int>?
    private var reasoning: Range<Int>?

    init(provider: String, names: ToolNames? = nil) {
        self.provider = provider
        self.names = names
    }

    func repeated(_ bytes: ArraySlice<UInt8>) -> ModelEvent? {
        template?.event(of: bytes) ?? reasoningTemplate?.event(of: bytes)
    }

    /// Reads a chunk or a whole answer.
    ///
    /// - Throws: `ProviderFailure` for an error object (`serverError` and relatives) and for bytes that are no JSON
    ///   object (`malformed`).
    mutating func read(_ bytes: [UInt8], into events: inout [ModelEvent]) throws(ProviderFailure) {
        if let event = repeated(bytes[...]) {
            events.append(event)
            return
        }
        (content, reasoning) = (nil, nil)
        let document = try document(bytes)
        let root = document.root
        try requireObject(root)
        // vLLM's older errors are flat (`clients.md` 5.7).
        if root["object"]?.stringEquals("error") == true { throw .from(error: root, status: nil, provider: provider) }
        let start = events.count
        var hasNews = false
        for member in root.members {
            switch member.key {
            case "error":
                if !member.value.isNull { throw .from(error: member.value, status: nil, provider: provider) }
            case "choices":
                guard member.value.kind == .array else { continue }
                for choice in member.value.elements { try readChoice(choice, document, into: &events) }
            case "model":
                if answeredModel == nil { answeredModel = member.value.string }
            case "usage":
                if let usage = Usage(member.value) { events.append(.usage(usage)) }
                if let details = UsageDetails(member.value) { events.append(.usageDetails(details)) }
            case "id", "object", "created", "obfuscation": continue
            default: if metadata.take(member, document) { hasNews = true }
            }
        }
        if events.count == start + 1, case .delta(let delta) = events[start] { remember(bytes, delta) }
        // Those of Azure and of the model behind it come on different chunks; each event has them all.
        if hasNews { events.insert(.metadata(metadata.joined), at: start) }
    }

    /// Makes a template of a chunk that said only this.
    private mutating func remember(_ chunk: [UInt8], _ delta: ModelDelta) {
        if let content, delta.isTextOrNothing {
            template = ChunkTemplate(chunk, text: content, choice: delta.choice, isReasoning: false)
        } else if let reasoning, delta.isReasoningOrNothing {
            reasoningTemplate = ChunkTemplate(chunk, text: reasoning, choice: delta.choice, isReasoning: true)
        }
    }

    private mutating func readChoice(
        _ choice: JSONView,
        _ document: JSONDocument,
        into events: inout [ModelEvent]
    ) throws(ProviderFailure) {
        var delta = ModelDelta(choice: max(0, choice["index"]?.int ?? 0))
        for member in choice.members {
            switch member.key {
            case "index": continue
            case "delta", "message": readDelta(member.value, document, into: &delta)
            case "finish_reason":
                if let reason = member.value.string, !reason.isEmpty {
                    guard let finish = FinishReason(upstream: reason) else { throw broken(reason) }
                    delta.finish = finish
                    sawFinish = true
                }
            default:
                if !member.value.isNull { Self.append(member.key, member.value, document, to: &delta.extraChoice) }
            }
        }
        if !delta.isEmpty { events.append(.delta(delta)) }
    }

    /// What there is of the answer is not all of it.
    private func broken(_ reason: String) -> ProviderFailure {
        let failure = ProviderFailure(
            reason == "insufficient_system_resource" ? .overloaded : .serverError,
            "The provider \(provider) broke off its answer with \(reason).",
            provider: provider
        )
        // A request can be made to end so.
        return reason == "error" || reason == "abort" ? failure.sparingTarget : failure
    }

    private mutating func readDelta(_ view: JSONView, _ document: JSONDocument, into delta: inout ModelDelta) {
        guard view.kind == .object else { return }
        for member in view.members {
            switch member.key {
            case "role", "function_call": continue
            case "content":
                delta.content = member.value.escapedContent
                // Without the quotes. Of several the last counts, here as there.
                content = delta.content == nil ? nil : member.value.range.dropFirst().dropLast()
            case "reasoning_content", "reasoning":
                // The latter is Ollama's and OpenRouter's word; other vendors put an object there.
                guard let text = member.value.escapedContent, delta.reasoning == nil || member.key != "reasoning" else {
                    continue
                }
                delta.reasoning = text
                reasoning = member.value.range.dropFirst().dropLast()
            case "refusal": delta.refusal = member.value.escapedContent
            case "tool_calls":
                guard member.value.kind == .array else { continue }
                for (position, call) in member.value.elements.enumerated() {
                    delta.toolCalls.append(readCall(call, position, document))
                }
            default:
                if !member.value.isNull { Self.append(member.key, member.value, document, to: &delta.extraDelta) }
            }
        }
    }

    private func readCall(_ call: JSONView, _ position: Int, _ document: JSONDocument) -> ToolCallDelta {
        let function = call["function"]
        var arguments = JSONText()
        if let view = function?["arguments"] {
            if let text = view.escapedContent {
                arguments = text
            } else if view.kind == .object {
                arguments = JSONText(escaping: String(decoding: document.bytes[view.range], as: UTF8.self))
            }
        }
        return ToolCallDelta(
            index: call["index"]?.int ?? position,
            id: call["id"]?.string,
            name: function?["name"]?.string.map { names?.original($0) ?? $0 },
            arguments: arguments
        )
    }

    private static func append(_ key: String, _ value: JSONView, _ document: JSONDocument, to members: inout [UInt8]) {
        if !members.isEmpty { members.append(0x2C) }
        members.append(0x22)
        members.append(contentsOf: JSONText(escaping: key).bytes)
        members.append(0x22)
        members.append(0x3A)
        members.append(contentsOf: document.bytes[value.range])
    }
}
