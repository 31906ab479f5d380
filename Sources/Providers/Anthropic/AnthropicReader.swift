// Reads the events and whole answers of Anthropic's Messages API into model events.

import JSON
import OpenAIProtocol

/// Events have names, but their data say the same in `type`, which proxies keep more often (`clients.md` 5.1).
struct AnthropicReader: AnswerReader {
    /// Where signed thoughts are kept for the next round.
    struct Remembering: Sendable {
        let memory: ReplayMemory
        let prefix: Int
    }

    /// A block of content that is being written.
    private enum Block {
        case text
        /// Its index among the calls; whether any of the arguments came.
        case call(index: Int, hasArguments: Bool)
        /// Its index among `thoughts`.
        case thought(Int)
        case other
    }

    let provider: String
    private let names: ToolNames
    var remembering: Remembering?
    private(set) var sawFinish = false
    private(set) var sawEnd = false
    private(set) var answeredModel: String?
    private var blocks: [Int: Block] = [:]
    private var calls: [Talk.Call] = []
    private var arguments: [JSONText] = []
    private var thoughts: [JSONObject] = []
    private var thoughtTexts: [JSONText] = []
    private var signatures: [String] = []
    private var thoughtBytes = 0
    private var usage = AnthropicUsage()
    private var hasUnsaidUsage = false

    init(provider: String, names: ToolNames = ToolNames([])) {
        self.provider = provider
        self.names = names
    }

    mutating func read(_ bytes: [UInt8], into events: inout [ModelEvent]) throws(ProviderFailure) {
        let root = try document(bytes).root
        try requireObject(root)
        let index = root["index"]?.int ?? 0
        switch root["type"]?.string {
        case "message_start":
            // Held until the model begins: an error that follows at once is still an error of the call.
            usage.read(root["message"]?["usage"], isStart: true)
            answeredModel = root["message"]?["model"]?.string
            hasUnsaidUsage = true
        case "content_block_start":
            sayUsage(into: &events)
            if let block = root["content_block"] { begin(block, at: index, into: &events) }
        case "content_block_delta":
            if let delta = root["delta"] { goOn(delta, at: index, into: &events) }
        case "content_block_stop": end(at: index, into: &events)
        case "message_delta":
            usage.read(root["usage"])
            hasUnsaidUsage = true
            finish(root["delta"], into: &events)
            sayUsage(into: &events)
        case "message_stop": sawEnd = true
        case "error": throw .from(error: root["error"] ?? root, status: nil, provider: provider)
        default:
            // `ping`, and what a later version adds. An error may come without its type through a proxy.
            if let error = root["error"], !error.isNull { throw .from(error: error, status: nil, provider: provider) }
        }
    }

    mutating func readWhole(_ bytes: [UInt8], into events: inout [ModelEvent]) throws(ProviderFailure) {
        let root = try document(bytes).root
        try requireObject(root)
        if let error = root["error"], !error.isNull { throw .from(error: error, status: nil, provider: provider) }
        answeredModel = root["model"]?.string
        guard let content = root["content"], content.kind == .array else { return }
        for (index, block) in content.elements.enumerated() {
            begin(block, at: index, into: &events)
            end(at: index, into: &events)
        }
        usage.read(root["usage"])
        hasUnsaidUsage = true
        finish(root, into: &events)
        sayUsage(into: &events)
    }

    private mutating func begin(_ block: JSONView, at index: Int, into events: inout [ModelEvent]) {
        switch block["type"]?.string {
        case "text":
            blocks[index] = .text
            if let text = block["text"]?.escapedContent, !text.isEmpty { events.append(.delta(.init(content: text))) }
        case "tool_use":
            let input = block["input"].flatMap { $0.kind == .object && $0.count > 0 ? $0.value.text : nil }
            let text = input.map { JSONText(escaping: $0) } ?? JSONText()
            let name = names.original(block["name"]?.string ?? "")
            let call = Talk.Call(id: block["id"]?.string ?? "", name: name, arguments: [:])
            blocks[index] = .call(index: calls.count, hasArguments: input != nil)
            let delta = ToolCallDelta(index: calls.count, id: call.id, name: name, arguments: text)
            calls.append(call)
            arguments.append(text)
            events.append(.delta(.init(toolCalls: [delta])))
        case "thinking":
            let text = block["thinking"]?.escapedContent ?? JSONText()
            let signature = block["signature"]?.string ?? ""
            let isKept = think(["type": "thinking"], text, signature, bytes: text.count + signature.utf8.count)
            blocks[index] = isKept ? .thought(thoughts.count - 1) : .other
            if !text.isEmpty { events.append(.delta(.init(reasoning: text))) }
        case "redacted_thinking":
            blocks[index] = .other
            let bytes = block["data"]?.value.text.utf8.count ?? 0
            think(block.value.object ?? [:], JSONText(), "", bytes: bytes)
        default: blocks[index] = .other
        }
    }

    /// More than the memory takes is not gathered either.
    private var keepsThoughts: Bool { remembering != nil && thoughtBytes < ReplayMemory.largest }

    /// - Returns: whether it is kept.
    @discardableResult
    private mutating func think(_ thought: JSONObject, _ text: JSONText, _ signature: String, bytes: Int) -> Bool {
        guard keepsThoughts else { return false }
        thoughtBytes += bytes
        thoughts.append(thought)
        thoughtTexts.append(text)
        signatures.append(signature)
        return true
    }

    private mutating func goOn(_ delta: JSONView, at index: Int, into events: inout [ModelEvent]) {
        switch delta["type"]?.string {
        case "text_delta":
            if let text = delta["text"]?.escapedContent { events.append(.delta(.init(content: text))) }
        case "input_json_delta":
            guard case .call(let call, _) = blocks[index], let text = delta["partial_json"]?.escapedContent,
                !text.isEmpty
            else { return }
            blocks[index] = .call(index: call, hasArguments: true)
            arguments[call].append(text)
            events.append(.delta(.init(toolCalls: [ToolCallDelta(index: call, arguments: text)])))
        case "thinking_delta":
            guard let text = delta["thinking"]?.escapedContent else { return }
            if keepsThoughts, case .thought(let thought) = blocks[index] {
                thoughtTexts[thought].append(text)
                thoughtBytes += text.count
            }
            events.append(.delta(.init(reasoning: text)))
        case "signature_delta":
            guard keepsThoughts, case .thought(let thought) = blocks[index], let text = delta["signature"]?.string
            else { return }
            signatures[thought].append(text)
            thoughtBytes += text.utf8.count
        default: return
        }
    }

    private mutating func end(at index: Int, into events: inout [ModelEvent]) {
        guard case .call(let call, false) = blocks.updateValue(.other, forKey: index) else { return }
        // A call of a tool that takes nothing has no delta at all.
        let nothing = JSONText(escaping: "{}")
        arguments[call] = nothing
        events.append(.delta(.init(toolCalls: [ToolCallDelta(index: call, arguments: nothing)])))
    }

    private mutating func finish(_ view: JSONView?, into events: inout [ModelEvent]) {
        guard let reason = view?["stop_reason"]?.string, !sawFinish else { return }
        sawFinish = true
        let finish: FinishReason =
            switch reason {
            case "max_tokens", "model_context_window_exceeded": .length
            case "tool_use": .toolCalls
            case "refusal": .contentFilter
            // `end_turn`, `stop_sequence`, `pause_turn`.
            default: .stop
            }
        // As vLLM tells which stop sequence it was; `finish_reason` has no word for it.
        var extra: [UInt8] = []
        if reason == "stop_sequence", let text = view?["stop_sequence"], text.kind == .string {
            extra = Array("\"stop_reason\":".utf8) + text.rawBytes
        }
        events.append(.delta(.init(extraChoice: extra, finish: finish)))
        remember()
    }

    private func remember() {
        guard let remembering, keepsThoughts, !calls.isEmpty else { return }
        let called = zip(calls, arguments).map { call, text in
            Talk.Call(id: call.id, name: call.name, arguments: Talk.arguments(text.decoded))
        }
        // That there were none is kept too: such a loop may go on thinking.
        let parts = thoughts.indices.map { place -> JSONValue in
            var thought = thoughts[place]
            if !signatures[place].isEmpty { thought["signature"] = .string(signatures[place]) }
            if thought["type"] == "thinking" { thought["thinking"] = .string(thoughtTexts[place].decoded) }
            return .object(thought)
        }
        remembering.memory.store(parts, for: ReplayMemory.key(prefix: remembering.prefix, calls: called))
    }

    private mutating func sayUsage(into events: inout [ModelEvent]) {
        guard hasUnsaidUsage, let counted = usage.counted else { return }
        hasUnsaidUsage = false
        events.append(.usage(counted))
    }
}
