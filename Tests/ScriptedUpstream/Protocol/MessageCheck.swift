// The strict check of the messages: roles, contents, and that every tool call is answered before anything else.

/// Checks a conversation's form.
struct MessageCheck {
    let messages: Value?

    /// - Throws: the first ``Refusal`` that applies.
    func check() throws(Refusal) {
        guard let messages = messages?.array else {
            throw Refusal("Invalid type for 'messages': expected an array.", parameter: "messages")
        }
        guard !messages.isEmpty else {
            throw Refusal(
                "Invalid 'messages': empty array. Expected an array with minimum length 1.",
                parameter: "messages",
                code: "empty_array"
            )
        }
        var open: [String] = []
        for (index, value) in messages.enumerated() {
            let path = "messages[\(index)]"
            guard let message = value.object else {
                throw Refusal("Invalid type for '\(path)': expected an object.", parameter: path)
            }
            try check(message, path: path, open: &open)
        }
        try requireAnswered(open, before: "messages")
    }

    private func check(_ message: [String: Value], path: String, open: inout [String]) throws(Refusal) {
        let role = message["role"]?.string ?? ""
        if role != "tool" { try requireAnswered(open, before: path) }
        if let name = message["name"], name != .null, name.string?.isEmpty != false {
            throw Refusal("Invalid type for '\(path).name': expected a string.", parameter: path + ".name")
        }
        switch role {
        case "system", "developer":
            try checkContent(message["content"], kinds: ["text"], path: path)
        case "user":
            try checkContent(message["content"], kinds: ["text", "image_url", "input_audio", "file"], path: path)
        case "assistant":
            open = try checkAssistant(message, path: path)
        case "tool":
            try checkContent(message["content"], kinds: ["text"], path: path)
            guard let id = message["tool_call_id"]?.string else {
                throw Refusal("Missing required parameter: '\(path).tool_call_id'.", parameter: path + ".tool_call_id")
            }
            guard let position = open.firstIndex(of: id) else {
                throw Refusal(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                        + "'tool_calls'. '\(id)' is not open.",
                    parameter: path + ".role"
                )
            }
            open.remove(at: position)
        default:
            throw Refusal(
                "Invalid value: '\(role)'. Supported values are: 'system', 'assistant', 'user', 'tool' and 'developer'.",
                parameter: path + ".role",
                code: "invalid_value"
            )
        }
    }

    private func requireAnswered(_ open: [String], before path: String) throws(Refusal) {
        guard open.isEmpty else {
            throw Refusal(
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                    + "'tool_call_id'. The following tool_call_ids did not have response messages: "
                    + open.joined(separator: ", "),
                parameter: path
            )
        }
    }

    /// The ids of the calls that the message opens.
    private func checkAssistant(_ message: [String: Value], path: String) throws(Refusal) -> [String] {
        var ids: [String] = []
        if let value = message["tool_calls"], value != .null {
            guard let calls = value.array, !calls.isEmpty else {
                throw Refusal(
                    "Invalid '\(path).tool_calls': empty array. Expected an array with minimum length 1.",
                    parameter: path + ".tool_calls",
                    code: "empty_array"
                )
            }
            for (index, call) in calls.enumerated() {
                ids.append(try ToolCheck.checkCall(call, path: "\(path).tool_calls[\(index)]"))
            }
            if Set(ids).count != ids.count {
                throw Refusal("Duplicate ids in '\(path).tool_calls'.", parameter: path + ".tool_calls")
            }
        }
        let content = message["content"] ?? .null
        let saidOtherwise = !ids.isEmpty || message["refusal"]?.string != nil || message["audio"]?.object != nil
        if content != .null || !saidOtherwise {
            try checkContent(content, kinds: ["text", "refusal"], path: path)
        }
        return ids
    }

    private func checkContent(_ content: Value?, kinds: Set<String>, path: String) throws(Refusal) {
        let path = path + ".content"
        guard let content, content != .null else {
            throw Refusal("Invalid value for 'content': expected a string, got null.", parameter: path)
        }
        if content.string != nil { return }
        guard let parts = content.array else {
            throw Refusal("Invalid type for '\(path)': expected a string or an array.", parameter: path)
        }
        guard !parts.isEmpty else {
            throw Refusal(
                "Invalid '\(path)': empty array. Expected an array with minimum length 1.",
                parameter: path,
                code: "empty_array"
            )
        }
        for (index, part) in parts.enumerated() {
            guard let part = part.object, let kind = part["type"]?.string, kinds.contains(kind) else {
                throw Refusal(
                    "Invalid value for '\(path)[\(index)].type': expected one of \(kinds.sorted()).",
                    parameter: "\(path)[\(index)].type"
                )
            }
            let member = kind == "image_url" ? part[kind]?.object?["url"] : part[kind]
            guard ["text", "image_url", "refusal"].contains(kind) ? member?.string != nil : member?.object != nil else {
                throw Refusal("Missing or wrong '\(path)[\(index)].\(kind)'.", parameter: "\(path)[\(index)].\(kind)")
            }
        }
    }
}
