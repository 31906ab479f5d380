// Reads the chunks and whole answers of Gemini's API into model events: they have one form.

import JSON
import OpenAIProtocol

/// Reads `GenerateContentResponse` objects (`clients.md` 5.2).
struct GeminiReader: AnswerReader {
    /// Where signatures of calls are kept for the next round.
    struct Remembering: Sendable {
        let memory: ReplayMemory
        let prefix: Int
    }

    let provider: String
    private let names: ToolNames
    var takesOneCall = false
    var remembering: Remembering?
    private(set) var sawFinish = false
    private(set) var answeredModel: String?
    private var calls: [Int: Int] = [:]
    private var called: [Talk.Call] = []
    private var signatures: [JSONValue] = []

    init(provider: String, names: ToolNames = ToolNames([])) {
        self.provider = provider
        self.names = names
    }

    mutating func read(_ bytes: [UInt8], into events: inout [ModelEvent]) throws(ProviderFailure) {
        let document = try document(bytes)
        // Without `alt=sse`, which proxies lose, a stream is one array.
        if document.root.kind == .array {
            for element in document.root.elements { try read(element, document, into: &events) }
        } else {
            try read(document.root, document, into: &events)
        }
    }

    private mutating func read(
        _ root: JSONView,
        _ document: JSONDocument,
        into events: inout [ModelEvent]
    ) throws(ProviderFailure) {
        try requireObject(root)
        if let error = root["error"], !error.isNull { throw .from(error: error, status: nil, provider: provider) }
        if answeredModel == nil { answeredModel = root["modelVersion"]?.string }
        if let candidates = root["candidates"], candidates.kind == .array {
            for candidate in candidates.elements { try read(candidate: candidate, document, into: &events) }
        }
        if let reason = root["promptFeedback"]?["blockReason"]?.string, !sawFinish {
            // The prompt was refused; there are no candidates then.
            sawFinish = true
            events.append(
                .delta(
                    .init(
                        refusal: JSONText(escaping: "The provider blocked the prompt (\(reason.bounded(to: 60)))."),
                        finish: .contentFilter
                    )
                )
            )
        }
        if let usage = Self.usage(root["usageMetadata"]) { events.append(.usage(usage)) }
    }

    private mutating func read(
        candidate: JSONView,
        _ document: JSONDocument,
        into events: inout [ModelEvent]
    ) throws(ProviderFailure) {
        let choice = max(0, candidate["index"]?.int ?? 0)
        if let parts = candidate["content"]?["parts"] {
            for part in parts.elements { read(part: part, choice: choice, document, into: &events) }
        }
        guard let reason = candidate["finishReason"]?.string, reason != "FINISH_REASON_UNSPECIFIED" else { return }
        var finish: FinishReason
        switch reason {
        case "MAX_TOKENS": finish = .length
        case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "LANGUAGE", "OTHER":
            finish = .contentFilter
        case let reason where reason.hasPrefix("IMAGE_"): finish = .contentFilter
        case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE",
            "MALFORMED_RESPONSE":
            // The model failed to write a call; what there is of an answer is not one. Callers can bring it about by
            // their tools and words, so another target may try but this one is not down.
            throw malformed("ended its answer with \(reason)").sparingTarget
        default: finish = (calls[choice] ?? 0) > 0 ? .toolCalls : .stop
        }
        if finish == .stop, (calls[choice] ?? 0) > 0 { finish = .toolCalls }
        sawFinish = true
        events.append(.delta(.init(choice: choice, finish: finish)))
        if choice == 0 { remember() }
    }

    private mutating func read(
        part: JSONView,
        choice: Int,
        _ document: JSONDocument,
        into events: inout [ModelEvent]
    ) {
        if let text = part["text"]?.escapedContent {
            if text.isEmpty { return }
            let isThought = part["thought"]?.bool ?? false
            events.append(
                .delta(isThought ? .init(choice: choice, reasoning: text) : .init(choice: choice, content: text))
            )
        } else if let call = part["functionCall"], call.kind == .object {
            let index = calls[choice] ?? 0
            if takesOneCall, index > 0 { return }
            calls[choice] = index + 1
            let name = names.original(call["name"]?.string ?? "")
            let arguments = call["args"].flatMap { $0.kind == .object ? $0 : nil }
            let text = arguments.map { String(decoding: document.bytes[$0.range], as: UTF8.self) } ?? "{}"
            let given = call["id"]?.string ?? ""
            let id = given.isEmpty ? AnswerIdentity.makeID(prefix: "call_") : given
            if choice == 0 {
                called.append(Talk.Call(id: id, name: name, arguments: arguments?.value ?? [:]))
                signatures.append(part["thoughtSignature"]?.value ?? .null)
            }
            let delta = ToolCallDelta(index: index, id: id, name: name, arguments: JSONText(escaping: text))
            events.append(.delta(.init(choice: choice, toolCalls: [delta])))
        }
    }

    private func remember() {
        guard let remembering, signatures.contains(where: { !$0.isNull }) else { return }
        remembering.memory.store(signatures, for: ReplayMemory.key(prefix: remembering.prefix, calls: called))
    }

    /// Gemini counts thoughts apart from the candidates, OpenAI among the completion.
    private static func usage(_ view: JSONView?) -> Usage? {
        guard let view, view.kind == .object else { return nil }
        func count(_ name: String) -> Int { Usage.plausible(view[name]?.int ?? 0) }
        let thoughts = count("thoughtsTokenCount")
        return Usage(
            promptTokens: count("promptTokenCount") + count("toolUsePromptTokenCount"),
            completionTokens: count("candidatesTokenCount") + thoughts,
            cachedTokens: count("cachedContentTokenCount"),
            reasoningTokens: thoughts
        )
    }
}
