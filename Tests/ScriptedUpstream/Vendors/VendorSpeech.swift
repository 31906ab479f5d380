// What a step says, as Anthropic's events and messages and as Gemini's chunks. Of a step's form only text, reasoning,
// calls, finish and usage count here.

extension Speech {
    private func count(_ names: String...) -> Int {
        var value: Value? = .object(step.usage)
        for name in names { value = value?.object?[name] }
        return value?.integer ?? 0
    }

    private var cached: Int { count("prompt_tokens_details", "cached_tokens") }
    private var thought: Int { count("completion_tokens_details", "reasoning_tokens") }

    private func finishWord(_ words: [String: String]) -> String {
        let word = step.finish.string ?? ""
        return quoted(words[word] ?? word)
    }

    // MARK: Anthropic

    private static let anthropicWords = [
        "stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal",
    ]

    /// `output` is 1 before there is an answer, as the vendor has it.
    private func anthropicUsage(output: Int) -> String {
        "{\"input_tokens\":\(count("prompt_tokens") - cached),\"cache_read_input_tokens\":\(cached),"
            + "\"cache_creation_input_tokens\":0,\"output_tokens\":\(output),"
            + "\"output_tokens_details\":{\"thinking_tokens\":\(thought)}}"
    }

    private func anthropicFrame(_ content: String, stop: String, output: Int) -> String {
        "\"id\":\(quoted("msg_" + id)),\"type\":\"message\",\"role\":\"assistant\",\"model\":\(quoted(request.model)),"
            + "\"content\":[\(content)],\"stop_reason\":\(stop),\"stop_sequence\":null,"
            + "\"usage\":\(anthropicUsage(output: output))"
    }

    func anthropicEvents() -> (data: [String], texts: Range<Int>) {
        var data = [
            "{\"type\":\"message_start\",\"message\":{\(anthropicFrame("", stop: "null", output: 1))}}",
            "{\"type\":\"ping\"}",
        ]
        var index = 0
        func block(_ start: String, _ deltas: [String]) {
            data.append("{\"type\":\"content_block_start\",\"index\":\(index),\"content_block\":\(start)}")
            data += deltas.map { "{\"type\":\"content_block_delta\",\"index\":\(index),\"delta\":\($0)}" }
            data.append("{\"type\":\"content_block_stop\",\"index\":\(index)}")
            index += 1
        }
        if !step.reasoning.isEmpty {
            block(
                "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
                step.reasoning.map { "{\"type\":\"thinking_delta\",\"thinking\":\(quoted($0))}" }
                    + ["{\"type\":\"signature_delta\",\"signature\":\"sig==\"}"]
            )
        }
        let start = data.count + 1
        if !step.text.isEmpty {
            block(
                "{\"type\":\"text\",\"text\":\"\"}",
                step.text.map { "{\"type\":\"text_delta\",\"text\":\(quoted($0))}" }
            )
        }
        for (position, call) in step.toolCalls.enumerated() {
            block(
                anthropicCall(call, position, input: "{}"),
                ["{\"type\":\"input_json_delta\",\"partial_json\":\(quoted(call.arguments))}"]
            )
        }
        data += step.lateEvents
        data.append(
            "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\(finishWord(Self.anthropicWords)),"
                + "\"stop_sequence\":null},\"usage\":\(anthropicUsage(output: count("completion_tokens")))}"
        )
        return (data + ["{\"type\":\"message_stop\"}"], start..<(start + step.text.count))
    }

    private func anthropicCall(_ call: Step.ToolCall, _ position: Int, input: String) -> String {
        "{\"type\":\"tool_use\",\"id\":\(quoted(call.id ?? "toolu_\(position)")),\"name\":\(quoted(call.name)),"
            + "\"input\":\(input)}"
    }

    func anthropicMessage() -> String {
        var blocks: [String] = []
        if !step.reasoning.isEmpty {
            let text = quoted(step.reasoning.joined())
            blocks.append("{\"type\":\"thinking\",\"thinking\":\(text),\"signature\":\"sig==\"}")
        }
        if !step.text.isEmpty { blocks.append("{\"type\":\"text\",\"text\":\(quoted(step.text.joined()))}") }
        blocks += step.toolCalls.enumerated().map { anthropicCall($1, $0, input: $1.arguments) }
        let content = blocks.joined(separator: ",")
        let stop = finishWord(Self.anthropicWords)
        return "{\(anthropicFrame(content, stop: stop, output: count("completion_tokens")))}"
    }

    // MARK: Gemini

    private static let geminiWords = [
        "stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP", "content_filter": "SAFETY",
    ]

    private var geminiParts: (parts: [String], texts: Range<Int>) {
        var parts = step.reasoning.map { "{\"text\":\(quoted($0)),\"thought\":true}" }
        let start = parts.count
        parts += step.text.map { "{\"text\":\(quoted($0))}" }
        let texts = start..<parts.count
        for (position, call) in step.toolCalls.enumerated() {
            let signature = position == 0 ? ",\"thoughtSignature\":\"c2ln\"" : ""
            parts.append(
                "{\"functionCall\":{\"name\":\(quoted(call.name)),\"args\":\(call.arguments)}\(signature)}"
            )
        }
        return (parts, texts)
    }

    /// Before the end only the prompt is counted.
    private func geminiAnswer(_ parts: String, isLast: Bool) -> String {
        let finish = isLast ? ",\"finishReason\":\(finishWord(Self.geminiWords))" : ""
        let written =
            isLast
            ? ",\"candidatesTokenCount\":\(count("completion_tokens") - thought),\"thoughtsTokenCount\":\(thought)" : ""
        return "{\"candidates\":[{\"content\":{\"parts\":[\(parts)],\"role\":\"model\"}\(finish),\"index\":0}],"
            + "\"usageMetadata\":{\"promptTokenCount\":\(count("prompt_tokens")),"
            + "\"cachedContentTokenCount\":\(cached)\(written)},"
            + "\"modelVersion\":\(quoted(request.model)),\"responseId\":\(quoted(id))}"
    }

    func geminiChunks() -> (data: [String], texts: Range<Int>) {
        let (parts, texts) = geminiParts
        let data = parts.map { geminiAnswer($0, isLast: false) } + step.lateEvents
        return (data + [geminiAnswer("{\"text\":\"\"}", isLast: true)], texts)
    }

    func geminiAnswer() -> String { geminiAnswer(geminiParts.parts.joined(separator: ","), isLast: true) }
}
