// From a call in OpenAI's form to the body of a `generateContent` request.

import JSON

/// The body, and what is needed to read the answer (`clients.md` 5.2).
struct GeminiRequest {
    let body: [UInt8]
    let dropped: [String]
    let names: ToolNames
    /// The mark of the conversation, see `ReplayMemory`.
    let prefix: Int
    /// `parallel_tool_calls` false: Gemini knows no such wish, so calls after the first are not passed on.
    let takesOneCall: Bool
    /// Whether anything is said of how hard to think.
    let asksForThoughts: Bool

    /// - Parameter thinks: whether the model can be told how hard to think.
    init(_ call: ModelCall, provider: String, thinks: Bool, memory: ReplayMemory) throws(ProviderFailure) {
        let talk = try Talk(call, provider: provider)
        var parameters = try CallParameters(call, provider: provider)
        let selection = try ToolSelection(call, called: talk.callNames, provider: provider)
        names = selection.names
        prefix = talk.prefix
        takesOneCall = parameters.take("parallel_tool_calls") == false

        var root: JSONObject = [:]
        if !talk.system.isEmpty {
            root["systemInstruction"] = ["parts": .array(talk.system.map { ["text": .string($0)] })]
        }
        let contents = GeminiContents(
            names: selection.names,
            memory: memory,
            needsSignatures: call.model.contains("gemini-3"),
            provider: provider
        )
        root["contents"] = .array(try contents.json(talk))
        var schemas = GeminiSchema(provider: provider)
        if !selection.tools.isEmpty {
            var declarations: [JSONValue] = []
            for tool in selection.tools { declarations.append(try Self.declaration(tool, &schemas)) }
            root["tools"] = [["functionDeclarations": .array(declarations)]]
            root["toolConfig"] = Self.configuration(selection.mode)
        }
        let generation = try Self.generation(&parameters, &schemas, model: call.model, thinks: thinks)
        asksForThoughts = generation["thinkingConfig"] != nil
        if !generation.isEmpty { root["generationConfig"] = .object(generation) }
        try parameters.settle()
        dropped = parameters.dropped
        body = JSONValue.object(root).bytes
    }

    private static func declaration(
        _ tool: ToolSelection.Tool,
        _ schemas: inout GeminiSchema
    ) throws(ProviderFailure) -> JSONValue {
        var json: JSONObject = ["name": .string(tool.name)]
        // It must not be missing.
        json["description"] = .string(tool.description ?? tool.name)
        // A schema of an object without properties is refused; a function may have none.
        if let parameters = tool.parameters {
            let schema = try schemas.cleaned(parameters, of: "tools", "the function \(tool.name)")
            if schema["properties"] != nil { json["parameters"] = schema }
        }
        return .object(json)
    }

    private static func configuration(_ mode: ToolSelection.Mode) -> JSONValue? {
        switch mode {
        case .auto: nil
        case .none: ["functionCallingConfig": ["mode": "NONE"]]
        case .required: ["functionCallingConfig": ["mode": "ANY"]]
        case .named(let name):
            ["functionCallingConfig": ["mode": "ANY", "allowedFunctionNames": [.string(name)]]]
        }
    }

    private static func generation(
        _ parameters: inout CallParameters,
        _ schemas: inout GeminiSchema,
        model: String,
        thinks: Bool
    ) throws(ProviderFailure) -> JSONObject {
        var json: JSONObject = [:]
        json["temperature"] = parameters.take("temperature")
        json["topP"] = parameters.take("top_p")
        json["maxOutputTokens"] = parameters.takeMaximumTokens().map { .integer($0) }
        let stops = parameters.takeStops()
        if !stops.isEmpty { json["stopSequences"] = .array(stops) }
        if let count = parameters.take("n"), count != 1 { json["candidateCount"] = count }
        json["seed"] = parameters.take("seed")
        for (name, word) in [("presence_penalty", "presencePenalty"), ("frequency_penalty", "frequencyPenalty")] {
            // Some models refuse the members, whatever the value.
            if let value = parameters.take(name), value != 0 { json[word] = value }
        }
        if let effort = parameters.take("reasoning_effort")?.string {
            if thinks {
                json["thinkingConfig"] = thinking(effort, model: model)
            } else {
                parameters.drop("reasoning_effort")
            }
        }
        if let format = parameters.take("response_format") {
            switch format["type"] {
            case "json_schema":
                json["responseMimeType"] = "application/json"
                if let schema = format["json_schema"]?["schema"] {
                    json["responseSchema"] = try schemas.cleaned(schema, of: "response_format", "the answer")
                }
            case "json_object": json["responseMimeType"] = "application/json"
            case "text": break
            default: throw parameters.refusal("response_format")
            }
        }
        return json
    }

    /// Gemini 3 has levels, those before it budgets; the numbers are those of Google's own OpenAI-compatible service.
    private static func thinking(_ effort: String, model: String) -> JSONValue {
        if model.contains("gemini-3") {
            let level = ["none": "minimal", "minimal": "minimal", "low": "low", "medium": "medium"][effort] ?? "high"
            return ["includeThoughts": .bool(effort != "none"), "thinkingLevel": .string(level)]
        }
        let budget = ["none": 0, "minimal": 1024, "low": 1024, "medium": 8192][effort] ?? 24_576
        return ["includeThoughts": .bool(budget > 0), "thinkingBudget": .integer(budget)]
    }
}
