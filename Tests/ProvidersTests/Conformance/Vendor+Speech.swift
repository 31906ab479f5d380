// How each vendor writes a script, in pieces and whole.

import JSON

extension Vendor {
    func stream(_ script: Script) -> String { events(script).joined() }

    /// Event by event.
    func events(_ script: Script) -> [String] {
        switch self {
        case .openAI, .azureV1: openAI(script)
        case .azure:
            // Azure's first chunk has no choices.
            [
                #"data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}"#
                    + "\n\n"
            ] + openAI(script)
        case .anthropic: anthropic(script)
        case .gemini: gemini(script).map { "data: \($0)\r\n\r\n" }
        }
    }

    private func quoted(_ text: String) -> String { JSONValue.string(text).text }

    private func finishWord(_ finish: Script.Finish) -> String {
        switch (self, finish) {
        case (.anthropic, .stop): "end_turn"
        case (.anthropic, .length): "max_tokens"
        case (.anthropic, .calls): "tool_use"
        case (.anthropic, .filtered): "refusal"
        case (.gemini, .length): "MAX_TOKENS"
        case (.gemini, .filtered): "SAFETY"
        case (.gemini, _): "STOP"
        case (_, .stop): "stop"
        case (_, .length): "length"
        case (_, .calls): "tool_calls"
        case (_, .filtered): "content_filter"
        }
    }

    private static let openAIUsage =
        #""usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":3}}"#

    private func openAI(_ script: Script) -> [String] {
        var events = [chunk(#"{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}"#)]
        if !script.reasoning.isEmpty {
            events.append(chunk(#"{"index":0,"delta":{"reasoning_content":\#(quoted(script.reasoning))}}"#))
        }
        events += script.text.map { chunk(#"{"index":0,"delta":{"content":\#(quoted($0))}}"#) }
        for (index, call) in script.calls.enumerated() {
            events.append(
                chunk(
                    #"{"index":0,"delta":{"tool_calls":[{"index":\#(index),"id":"id\#(index)","type":"function","function":{"name":\#(quoted(call.name)),"arguments":""}}]}}"#
                )
            )
            events.append(
                chunk(
                    #"{"index":0,"delta":{"tool_calls":[{"index":\#(index),"function":{"arguments":\#(quoted(call.arguments))}}]}}"#
                )
            )
        }
        events.append(chunk(#"{"index":0,"delta":{},"finish_reason":"\#(finishWord(script.finish))"}"#))
        return events + [chunk("", "," + Self.openAIUsage), "data: [DONE]\n\n"]
    }

    private func anthropic(_ script: Script) -> [String] {
        func event(_ type: String, _ rest: String) -> String {
            "event: \(type)\ndata: {\"type\":\"\(type)\"\(rest)}\n\n"
        }
        var index = 0
        var events = [
            event(
                "message_start",
                #","message":{"id":"msg","type":"message","role":"assistant","content":[],"model":"m","stop_reason":null,"usage":{"input_tokens":12,"cache_read_input_tokens":5,"cache_creation_input_tokens":3,"output_tokens":1}}"#
            ), event("ping", ""),
        ]
        func block(_ start: String, _ deltas: [String]) {
            events.append(event("content_block_start", #","index":\#(index),"content_block":\#(start)"#))
            for delta in deltas {
                events.append(event("content_block_delta", #","index":\#(index),"delta":\#(delta)"#))
            }
            events.append(event("content_block_stop", #","index":\#(index)"#))
            index += 1
        }
        if !script.reasoning.isEmpty {
            block(
                #"{"type":"thinking","thinking":"","signature":""}"#,
                [
                    #"{"type":"thinking_delta","thinking":\#(quoted(script.reasoning))}"#,
                    #"{"type":"signature_delta","signature":"sig=="}"#,
                ]
            )
        }
        if !script.text.isEmpty {
            block(
                #"{"type":"text","text":""}"#,
                script.text.map { #"{"type":"text_delta","text":\#(quoted($0))}"# }
            )
        }
        for (number, call) in script.calls.enumerated() {
            let name = quoted(call.name)
            // A call without arguments has no delta.
            block(
                #"{"type":"tool_use","id":"id\#(number)","name":\#(name),"input":{}}"#,
                call.arguments == "{}"
                    ? [] : [#"{"type":"input_json_delta","partial_json":\#(quoted(call.arguments))}"#]
            )
        }
        events.append(
            event(
                "message_delta",
                #","delta":{"stop_reason":"\#(finishWord(script.finish))","stop_sequence":null},"usage":{"output_tokens":9,"output_tokens_details":{"thinking_tokens":3}}"#
            )
        )
        return events + [event("message_stop", "")]
    }

    private static let geminiUsage =
        #""usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":6,"thoughtsTokenCount":3,"cachedContentTokenCount":5,"totalTokenCount":29},"modelVersion":"m","responseId":"r""#

    private func geminiParts(_ script: Script) -> [String] {
        var parts: [String] = []
        if !script.reasoning.isEmpty { parts.append(#"{"text":\#(quoted(script.reasoning)),"thought":true}"#) }
        parts += script.text.map { #"{"text":\#(quoted($0))}"# }
        for (index, call) in script.calls.enumerated() {
            let signature = index == 0 ? #","thoughtSignature":"c2ln""# : ""
            parts.append(
                #"{"functionCall":{"name":\#(quoted(call.name)),"args":\#(call.arguments)}\#(signature)}"#
            )
        }
        return parts
    }

    private func gemini(_ script: Script) -> [String] {
        geminiParts(script).map {
            #"{"candidates":[{"content":{"parts":[\#($0)],"role":"model"},"index":0}],\#(Self.geminiUsage)}"#
        } + [
            #"{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"\#(finishWord(script.finish))","index":0}],\#(Self.geminiUsage)}"#
        ]
    }

    func whole(_ script: Script) -> String {
        switch self {
        case .openAI, .azure, .azureV1:
            let calls = script.calls.enumerated().map {
                #"{"id":"id\#($0)","type":"function","function":{"name":\#(quoted($1.name)),"arguments":\#(quoted($1.arguments))}}"#
            }
            let called = calls.isEmpty ? "" : #","tool_calls":[\#(calls.joined(separator: ","))]"#
            return
                #"{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":\#(quoted(script.text.joined())),"reasoning_content":\#(quoted(script.reasoning))\#(called)},"finish_reason":"\#(finishWord(script.finish))"}],\#(Self.openAIUsage)}"#
        case .anthropic:
            var blocks: [String] = []
            if !script.reasoning.isEmpty {
                blocks.append(#"{"type":"thinking","thinking":\#(quoted(script.reasoning)),"signature":"sig=="}"#)
            }
            if !script.text.isEmpty { blocks.append(#"{"type":"text","text":\#(quoted(script.text.joined()))}"#) }
            blocks += script.calls.enumerated().map {
                #"{"type":"tool_use","id":"id\#($0)","name":\#(quoted($1.name)),"input":\#($1.arguments)}"#
            }
            return
                #"{"id":"msg","type":"message","role":"assistant","model":"m","content":[\#(blocks.joined(separator: ","))],"stop_reason":"\#(finishWord(script.finish))","usage":{"input_tokens":12,"cache_read_input_tokens":5,"cache_creation_input_tokens":3,"output_tokens":9,"output_tokens_details":{"thinking_tokens":3}}}"#
        case .gemini:
            return
                #"{"candidates":[{"content":{"parts":[\#(geminiParts(script).joined(separator: ","))],"role":"model"},"finishReason":"\#(finishWord(script.finish))","index":0}],\#(Self.geminiUsage)}"#
        }
    }
}
