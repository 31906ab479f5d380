// Requests of Anthropic's and Google's protocols: what scripts look at, and the form that the vendors insist on.

extension ChatRequest {
    /// - Parameter body: the members, in the door's protocol.
    init(_ body: [String: Value], at door: Door) {
        switch door.dialect {
        case .openAI, .azure: self.init(body)
        case .anthropic: self.init(turns: body["messages"], parts: "content", call: "tool_use")
        case .gemini: self.init(turns: body["contents"], parts: "parts", call: "functionCall")
        }
        if door.dialect == .anthropic {
            model = body["model"]?.string ?? ""
            stream = body["stream"]?.bool ?? false
        }
        if door.dialect == .gemini { stream = door.stream }
        model = door.model ?? model
    }

    /// - Parameters:
    ///   - parts: the name of a turn's parts.
    ///   - call: the type of a part, or its member, that calls a tool.
    private init(turns: Value?, parts: String, call: String) {
        (model, stream, includeUsage, choices, lastUserText, round) = ("", false, true, 1, "", 1)
        for turn in turns?.array ?? [] {
            let parts = (turn.object?[parts]?.array ?? []).compactMap(\.object)
            if turn.object?["role"]?.string == "user" {
                let texts = parts.compactMap { $0["text"]?.string }
                if !texts.isEmpty { (lastUserText, round) = (texts.joined(separator: "\n"), 1) }
            } else if parts.contains(where: { $0["type"]?.string == call || $0[call] != nil }) {
                round += 1
            }
        }
    }
}

/// What the vendors refuse, as far as a gateway could get it wrong; more of it is in the conformance tests of adapters.
enum VendorCheck {
    static func check(_ body: [String: Value], _ dialect: Dialect) throws(Refusal) {
        switch dialect {
        case .openAI, .azure: try RequestCheck(body: body).check()
        case .anthropic: try anthropic(body)
        case .gemini: try gemini(body)
        }
    }

    private static func anthropic(_ body: [String: Value]) throws(Refusal) {
        try refuseStrangers(
            body,
            [
                "model", "messages", "max_tokens", "system", "stop_sequences", "temperature", "top_p", "metadata",
                "thinking", "output_config", "tools", "tool_choice", "stream",
            ]
        )
        guard body["max_tokens"]?.integer ?? 0 > 0 else { throw Refusal("max_tokens: Field required") }
        try checkTurns(body["messages"], roles: ["user", "assistant"], parts: "content") { part in
            switch part["type"]?.string {
            case "tool_use": (part["id"]?.string, nil)
            case "tool_result": (nil, part["tool_use_id"]?.string)
            default: (nil, nil)
            }
        }
        for tool in body["tools"]?.array ?? [] {
            guard tool.object?["input_schema"]?.object?["type"]?.string == "object" else {
                throw Refusal("tools: input_schema")
            }
        }
    }

    private static func gemini(_ body: [String: Value]) throws(Refusal) {
        try refuseStrangers(body, ["contents", "systemInstruction", "tools", "toolConfig", "generationConfig"])
        try checkTurns(body["contents"], roles: ["user", "model"], parts: "parts") { part in
            (
                part["functionCall"]?.object?["name"]?.string,
                part["functionResponse"]?.object.flatMap { $0["response"]?.object == nil ? nil : $0["name"]?.string }
            )
        }
        for tool in body["tools"]?.array?.first?.object?["functionDeclarations"]?.array ?? [] {
            guard tool.object?["description"]?.string != nil else { throw Refusal("function_declarations.description") }
            if let schema = tool.object?["parameters"] { try checkSchema(schema) }
        }
    }

    private static func checkSchema(_ schema: Value) throws(Refusal) {
        guard let members = schema.object else { throw Refusal("a schema must be an object") }
        try refuseStrangers(
            members,
            [
                "type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties",
                "required", "items", "minimum", "maximum", "minLength", "maxLength", "pattern", "anyOf",
            ]
        )
        for inner in Array((members["properties"]?.object ?? [:]).values) + (members["anyOf"]?.array ?? []) {
            try checkSchema(inner)
        }
        if let items = members["items"] { try checkSchema(items) }
    }

    private static func refuseStrangers(_ members: [String: Value], _ known: Set<String>) throws(Refusal) {
        guard let stranger = members.keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw Refusal("\(stranger): Extra inputs are not permitted")
    }

    /// Turns alternate and begin with the user's, and every call is answered by the next turn.
    ///
    /// - Parameter marks: what a part calls, and what it answers.
    private static func checkTurns(
        _ turns: Value?,
        roles: [String],
        parts name: String,
        _ marks: ([String: Value]) -> (call: String?, answer: String?)
    ) throws(Refusal) {
        guard let turns = turns?.array, !turns.isEmpty else { throw Refusal("no turns") }
        var open: [String] = []
        for (index, turn) in turns.enumerated() {
            guard turn.object?["role"]?.string == roles[index % 2] else { throw Refusal("turn \(index): role") }
            guard let parts = turn.object?[name]?.array?.compactMap(\.object), !parts.isEmpty else {
                throw Refusal("turn \(index): \(name)")
            }
            let answers = parts.compactMap { marks($0).answer }
            guard answers.sorted() == open.sorted() else {
                throw Refusal("turn \(index): answers \(answers) where \(open) are open")
            }
            open = parts.compactMap { marks($0).call }
        }
    }
}
