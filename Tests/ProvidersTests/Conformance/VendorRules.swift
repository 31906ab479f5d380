// What Anthropic and Google refuse in a request, as far as their documents and threads tell.

import JSON

/// OpenAI's and Azure's checks, as far as other servers differ.
enum OpenAIRules {
    static func fault(in body: JSONValue) -> String? {
        guard let messages = body["messages"]?.array, !messages.isEmpty else { return "no messages" }
        let lists =
            [("tools", body["tools"])] + messages.enumerated().map { ("messages[\($0)].tool_calls", $1["tool_calls"]) }
        for (place, list) in lists {
            for (index, entry) in (list?.array ?? []).enumerated()
            where !AnthropicRules.isName(entry["function"]?["name"]?.string) {
                return "Invalid '\(place)[\(index)].function.name': string does not match pattern."
            }
        }
        if let name = body["tool_choice"]?["function"]?["name"],
            body["tools"]?.array?.contains(where: { $0["function"]?["name"] == name }) != true
        {
            return "Tool choice '\(name.text)' not found in 'tools' parameter."
        }
        return nil
    }
}

/// The Messages API's checks.
enum AnthropicRules {
    private static let members: Set<String> = [
        "model", "messages", "max_tokens", "system", "stop_sequences", "temperature", "top_p", "metadata", "thinking",
        "output_config", "tools", "tool_choice", "stream",
    ]

    static func fault(in body: JSONValue) -> String? {
        for name in body.object?.keys ?? [] where !members.contains(name) {
            return "\(name): Extra inputs are not permitted"
        }
        guard let maximum = body["max_tokens"]?.int else { return "max_tokens: Field required" }
        if let temperature = body["temperature"]?.double, !(0...1).contains(temperature) {
            return "temperature: 0 to 1"
        }
        if body["temperature"] != nil, body["top_p"] != nil { return "temperature and top_p cannot both be specified" }
        if let budget = body["thinking"]?["budget_tokens"]?.int {
            if budget < 1024 || budget >= maximum { return "thinking.budget_tokens: out of range" }
            if body["temperature"] != nil { return "temperature may only be set to 1 when thinking is enabled" }
            if ["any", "tool"].contains(body["tool_choice"]?["type"]) { return "thinking with forced tool use" }
        }
        guard let messages = body["messages"]?.array, !messages.isEmpty else { return "messages: at least one" }
        var role = "assistant"
        var open: Set<String> = []
        for (index, message) in messages.enumerated() {
            guard let next = message["role"]?.string, next != role, ["user", "assistant"].contains(next) else {
                return "messages.\(index): roles must alternate and begin with user"
            }
            role = next
            guard let content = message["content"]?.array, !content.isEmpty else { return "messages.\(index): empty" }
            var answered: Set<String> = []
            var called: Set<String> = []
            for (position, block) in content.enumerated() {
                switch block["type"]?.string {
                case "text":
                    if block["text"]?.string?.contains(where: { !$0.isWhitespace }) != true { return "blank text" }
                case "image":
                    let source = block["source"]
                    guard source?["type"] == "url" || source?["media_type"]?.string?.hasPrefix("image/") == true else {
                        return "image source"
                    }
                case "tool_use":
                    guard role == "assistant", block["input"]?.kind == .object, let id = block["id"]?.string else {
                        return "tool_use"
                    }
                    called.insert(id)
                case "tool_result":
                    guard role == "user", answered.count == position, let id = block["tool_use_id"]?.string else {
                        return "tool_result must come first"
                    }
                    answered.insert(id)
                case "thinking":
                    guard body["thinking"] != nil, position == 0, block["signature"]?.string == "sig==" else {
                        return "thinking block"
                    }
                default: return "messages.\(index).content.\(position).type"
                }
            }
            if answered != open { return "`tool_use` ids were found without `tool_result` blocks immediately after" }
            if body["thinking"] != nil, !called.isEmpty, content[0]["type"] != "thinking" {
                return "Expected `thinking`, but found `tool_use`"
            }
            open = called
        }
        if messages.contains(where: { $0["content"]?.array?.contains { $0["type"] == "tool_use" } ?? false }),
            body["tools"] == nil
        {
            return "tools: required with tool_use"
        }
        for tool in body["tools"]?.array ?? [] {
            guard isName(tool["name"]?.string), tool["input_schema"]?["type"] == "object" else { return "tools" }
        }
        if let choice = body["tool_choice"], !["auto", "any", "tool", "none"].contains(choice["type"]) {
            return "tool_choice.type"
        }
        return nil
    }

    static func isName(_ name: String?) -> Bool {
        guard let name, !name.isEmpty, name.utf8.count <= 64 else { return false }
        return name.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
                || $0 == 0x2D
        }
    }
}

/// The Gemini API's checks: unknown members are errors everywhere.
enum GeminiRules {
    private static let schema: Set<String> = [
        "type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required",
        "items", "minimum", "maximum", "minLength", "maxLength", "pattern", "anyOf",
    ]
    private static let generation: Set<String> = [
        "temperature", "topP", "maxOutputTokens", "stopSequences", "candidateCount", "seed", "presencePenalty",
        "frequencyPenalty", "responseMimeType", "responseSchema", "thinkingConfig",
    ]

    static func fault(in body: JSONValue) -> String? {
        let root: Set<String> = ["contents", "systemInstruction", "tools", "toolConfig", "generationConfig"]
        if let unknown = unknown(body, root) { return "Unknown name \(unknown)" }
        if let unknown = unknown(body["generationConfig"], generation) { return "Unknown name \(unknown)" }
        guard let contents = body["contents"]?.array, contents.first?["role"] == "user" else { return "contents" }
        var open: [JSONValue] = []
        for content in contents {
            guard ["user", "model"].contains(content["role"]), let parts = content["parts"]?.array, !parts.isEmpty
            else {
                return "contents.parts"
            }
            let responses = parts.compactMap { $0["functionResponse"] }
            if responses.map({ $0["name"] ?? .null }) != open { return "function response parts must match the calls" }
            if responses.contains(where: { $0["response"]?.kind != .object }) { return "functionResponse.response" }
            open = parts.compactMap { $0["functionCall"]?["name"] }
            if parts.contains(where: { $0["functionCall"].map { $0["args"]?.kind != .object } ?? false }) {
                return "functionCall.args"
            }
        }
        for declaration in body["tools"]?[0]?["functionDeclarations"]?.array ?? [] {
            guard AnthropicRules.isName(declaration["name"]?.string), declaration["description"] != nil else {
                return "function_declarations.name"
            }
            if let fault = declaration["parameters"].flatMap(schemaFault) { return fault }
        }
        return body["generationConfig"]?["responseSchema"].flatMap(schemaFault)
    }

    static func schemaFault(_ value: JSONValue) -> String? {
        if let unknown = unknown(value, schema) { return "Unknown name \(unknown) in a schema" }
        if let type = value["type"], type.kind != .string { return "type is a list" }
        if value["type"] == "array", value["items"] == nil { return "items: missing field" }
        if let properties = value["properties"] {
            if properties.object?.isEmpty ?? true { return "should be non-empty for OBJECT type" }
            for property in properties.object?.values ?? [] {
                if let fault = schemaFault(property) { return fault }
            }
        }
        for other in (value["anyOf"]?.array ?? []) + [value["items"]].compactMap({ $0 }) {
            if let fault = schemaFault(other) { return fault }
        }
        return nil
    }

    private static func unknown(_ value: JSONValue?, _ known: Set<String>) -> String? {
        value?.object?.keys.first { !known.contains($0) }
    }
}
