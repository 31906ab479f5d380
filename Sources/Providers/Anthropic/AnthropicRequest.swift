// From a call in OpenAI's form to the body of a Messages request.

import JSON

/// The body, and what is needed to read the answer (`clients.md` 5.1).
///
/// `response_format` of the type `json_schema` becomes `output_config.format`, the API's own structured output; for
/// `json_object`, which it lacks, the system prompt asks for one.
struct AnthropicRequest {
    let body: [UInt8]
    let dropped: [String]
    let names: ToolNames
    /// The mark of the conversation, see `ReplayMemory`.
    let prefix: Int
    /// Whether the model is asked to think.
    let thinks: Bool
    /// Whether anything is said of how hard to think.
    let asksForThoughts: Bool

    /// `max_tokens` of a model of which nothing is known: the protocol demands one, and every Claude takes this.
    private static let unknownMaximum = 4096
    /// And of one that can write more, where a request says nothing: nobody means all of that.
    private static let usualMaximum = 16_384

    init(
        _ call: ModelCall,
        provider: String,
        thinkingStyle: AnthropicThinking.Style,
        sampling: Bool,
        memory: ReplayMemory
    ) throws(ProviderFailure) {
        let talk = try Talk(call, provider: provider)
        var parameters = try CallParameters(call, provider: provider)
        let selection = try ToolSelection(call, called: talk.callNames, provider: provider)
        names = selection.names
        prefix = talk.prefix

        var messages = AnthropicMessages(talk, names: selection.names, memory: memory, provider: provider)
        // More than the model can write is refused.
        var maximum = parameters.takeMaximumTokens().map { min($0, call.outputLimit ?? .max) }
        let usual = min(call.outputLimit ?? Self.unknownMaximum, Self.usualMaximum)
        let isForced = selection.mode != .auto && selection.mode != .none
        let thinking = AnthropicThinking(
            effort: parameters.take("reasoning_effort")?.string,
            style: thinkingStyle,
            maximum: &maximum,
            default: usual,
            limit: call.outputLimit ?? .max,
            // Neither a forced call nor a loop whose thoughts are lost goes with thinking.
            isPossible: !isForced && messages.hasAllThoughts
        )
        if thinking.isDropped { parameters.drop("reasoning_effort") }
        thinks = thinking.member != nil
        asksForThoughts = thinks || !thinking.output.isEmpty
        if !thinks { messages.withoutThoughts() }

        var system = talk.system
        var output = thinking.output
        try Self.readFormat(&parameters, into: &output, system: &system)

        var root: JSONObject = ["model": .string(call.model), "max_tokens": .integer(maximum ?? usual)]
        if !system.isEmpty { root["system"] = .string(system.joined(separator: "\n\n")) }
        root["messages"] = .array(try messages.json())
        let stops = parameters.takeStops()
        if !stops.isEmpty { root["stop_sequences"] = .array(stops) }
        Self.addSampling(&parameters, sampling: sampling, thinks: thinks, to: &root)
        if let user = parameters.take("user") ?? parameters.take("safety_identifier") {
            root["metadata"] = ["user_id": user]
        }
        root["thinking"] = thinking.member
        if !output.isEmpty { root["output_config"] = .object(output) }
        Self.addTools(selection, called: talk.callNames, parallel: parameters.take("parallel_tool_calls"), to: &root)
        if call.stream { root["stream"] = true }
        try parameters.settle()
        dropped = parameters.dropped
        body = JSONValue.object(root).bytes
    }

    private static func readFormat(
        _ parameters: inout CallParameters,
        into output: inout JSONObject,
        system: inout [String]
    ) throws(ProviderFailure) {
        guard let format = parameters.take("response_format") else { return }
        switch format["type"] {
        case "json_schema":
            let schema = format["json_schema"]?["schema"] ?? ["type": "object"]
            output["format"] = ["type": "json_schema", "schema": schema]
        case "json_object": system.append("Answer with one JSON object and nothing else.")
        case "text": break
        default: throw parameters.refusal("response_format")
        }
    }

    /// Temperature goes to 1 only here. With both it and `top_p` newer models refuse a request, with thinking either.
    private static func addSampling(
        _ parameters: inout CallParameters,
        sampling: Bool,
        thinks: Bool,
        to root: inout JSONObject
    ) {
        let temperature = parameters.take("temperature")?.double
        let portion = parameters.take("top_p")?.double
        if let temperature {
            if sampling, !thinks {
                root["temperature"] = temperature > 1 ? 1 : .double(temperature)
            } else if temperature != 1 {
                parameters.drop("temperature")
            }
        }
        if let portion, portion != 1 {
            if sampling, !thinks, temperature == nil {
                root["top_p"] = .double(portion)
            } else {
                parameters.drop("top_p")
            }
        }
    }

    private static func addTools(
        _ selection: ToolSelection,
        called: [String],
        parallel: JSONValue?,
        to root: inout JSONObject
    ) {
        var tools = selection.tools.map { tool in
            var json: JSONObject = ["name": .string(tool.name)]
            if let text = tool.description, !text.isEmpty { json["description"] = .string(text) }
            json["input_schema"] = Self.schema(tool.parameters)
            if tool.isStrict { json["strict"] = true }
            return JSONValue.object(json)
        }
        var mode = selection.mode
        if tools.isEmpty, !called.isEmpty {
            // A conversation with calls must declare tools, even when none may be called any more.
            mode = .none
            var seen: Set<String> = []
            for name in called where seen.insert(name).inserted {
                tools.append(
                    ["name": .string(selection.names.upstream(name)), "input_schema": Self.schema(nil)]
                )
            }
        }
        guard !tools.isEmpty else { return }
        root["tools"] = .array(tools)
        var choice: JSONObject
        switch mode {
        case .auto: choice = ["type": "auto"]
        case .none: choice = ["type": "none"]
        case .required: choice = ["type": "any"]
        case .named(let name): choice = ["type": "tool", "name": .string(name)]
        }
        if parallel == false, mode != .none { choice["disable_parallel_tool_use"] = true }
        if choice != ["type": "auto"] { root["tool_choice"] = .object(choice) }
    }

    private static func schema(_ parameters: JSONValue?) -> JSONValue {
        guard var schema = parameters?.object else { return ["type": "object", "properties": [:]] }
        if schema["type"] == nil { schema["type"] = "object" }
        return .object(schema)
    }
}
