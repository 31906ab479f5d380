// The strict check of tools, of the choice among them and of tool calls in the conversation.

/// Checks what a request says about tools.
struct ToolCheck {
    let body: [String: Value]

    /// - Throws: the first ``Refusal`` that applies.
    func check() throws(Refusal) {
        var names: Set<String> = []
        if let value = body["tools"], value != .null {
            guard let tools = value.array, (1...128).contains(tools.count) else {
                throw Refusal("Invalid 'tools': expected an array of 1 to 128 tools.", parameter: "tools")
            }
            for (index, tool) in tools.enumerated() {
                let name = try checkTool(tool, path: "tools[\(index)]")
                guard names.insert(name).inserted else {
                    throw Refusal("Tool names must be unique: '\(name)'.", parameter: "tools[\(index)].function.name")
                }
            }
        }
        try checkChoice(names)
        if names.isEmpty, let value = body["parallel_tool_calls"], value != .null {
            throw Refusal(
                "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when 'tools' are specified.",
                parameter: "parallel_tool_calls"
            )
        }
    }

    private func checkTool(_ value: Value, path: String) throws(Refusal) -> String {
        guard let tool = value.object, let kind = tool["type"]?.string, ["function", "custom"].contains(kind) else {
            throw Refusal("Missing or unknown '\(path).type'.", parameter: path + ".type")
        }
        guard let function = tool[kind]?.object else {
            throw Refusal("Missing required parameter: '\(path).\(kind)'.", parameter: "\(path).\(kind)")
        }
        let path = "\(path).\(kind)"
        let name = try ToolCheck.checkName(function["name"], path: path)
        if let description = function["description"], description != .null, description.string == nil {
            throw Refusal("Invalid type for '\(path).description'.", parameter: path + ".description")
        }
        if kind == "function", let parameters = function["parameters"], parameters != .null {
            guard let schema = parameters.object, schema.isEmpty || schema["type"] == .string("object") else {
                throw Refusal(
                    "Invalid schema for function '\(name)': schema must be a JSON Schema of 'type: \"object\"'.",
                    parameter: path + ".parameters",
                    code: "invalid_function_parameters"
                )
            }
        }
        return name
    }

    private func checkChoice(_ names: Set<String>) throws(Refusal) {
        guard let choice = body["tool_choice"], choice != .null else { return }
        guard !names.isEmpty else {
            throw Refusal(
                "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
                parameter: "tool_choice"
            )
        }
        if let word = choice.string {
            guard ["none", "auto", "required"].contains(word) else {
                throw Refusal("Invalid value for 'tool_choice': '\(word)'.", parameter: "tool_choice")
            }
            return
        }
        guard let kind = choice.object?["type"]?.string else {
            throw Refusal("Invalid type for 'tool_choice'.", parameter: "tool_choice")
        }
        if kind == "allowed_tools" { return }
        guard let name = choice.object?[kind]?.object?["name"]?.string, names.contains(name) else {
            throw Refusal("Tool choice names a function that is not in 'tools'.", parameter: "tool_choice.\(kind).name")
        }
    }

    /// Checks one call of an assistant message.
    /// - Returns: its id.
    static func checkCall(_ value: Value, path: String) throws(Refusal) -> String {
        guard let call = value.object else { throw Refusal("Invalid type for '\(path)'.", parameter: path) }
        guard let id = call["id"]?.string, !id.isEmpty else {
            throw Refusal("Missing required parameter: '\(path).id'.", parameter: path + ".id")
        }
        guard call["type"] == .string("function"), let function = call["function"]?.object else {
            throw Refusal("Missing required parameter: '\(path).type' or '.function'.", parameter: path + ".type")
        }
        _ = try checkName(function["name"], path: path + ".function")
        guard function["arguments"]?.string != nil else {
            throw Refusal(
                "Invalid type for '\(path).function.arguments': expected a string.",
                parameter: path + ".function.arguments",
                code: "invalid_type"
            )
        }
        return id
    }

    private static func checkName(_ value: Value?, path: String) throws(Refusal) -> String {
        guard let name = value?.string else {
            throw Refusal("Missing required parameter: '\(path).name'.", parameter: path + ".name")
        }
        let legal = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard legal, (1...64).contains(name.utf8.count) else {
            throw Refusal(
                "Invalid '\(path).name': string does not match pattern. Expected a string that matches the pattern "
                    + "'^[a-zA-Z0-9_-]{1,64}$'.",
                parameter: path + ".name",
                code: "invalid_value"
            )
        }
        return name
    }
}
