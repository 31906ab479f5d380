// A call with tools as a call without: descriptions in the prompt, earlier calls and results as text.

import JSON

/// The call for a model that knows no tools.
struct ToolPrompt {
    private(set) var call: ModelCall
    /// The names that the model may call; empty when it may call none.
    private(set) var tools: Set<String> = []
    /// Whether an answer in words comes in JSON, too.
    private(set) var wrapsAnswers = false

    init(_ original: ModelCall, writesJSONSchema: Bool, provider: String) throws(ProviderFailure) {
        call = original
        let selection = try ToolSelection(original, called: [], provider: provider)
        let isAllowed = selection.mode != .none
        var named: String?
        if case .named(let name) = selection.mode { named = selection.names.original(name) }
        let offered = selection.tools.filter { tool in
            isAllowed && (named.map { $0 == selection.names.original(tool.name) } ?? true)
        }
        tools = Set(offered.map { selection.names.original($0.name) })
        call.tools = []
        call.toolChoice = nil
        let isForced = selection.mode == .required || named != nil
        do {
            var parameters = try JSONValue(parsing: [0x7B] + original.parameters + [0x7D]).object ?? [:]
            let hadWish = parameters.removeValue(forKey: "parallel_tool_calls") != nil
            // An answer in words must have the caller's own form, and each of several would have to be taken out.
            let isFree = Self.isText(parameters["response_format"]) && (parameters["n"]?.int ?? 1) == 1
            if writesJSONSchema, !offered.isEmpty, isForced || isFree {
                wrapsAnswers = !isForced
                parameters["response_format"] =
                    CallSchema.format(offered, names: selection.names, allowsAnswer: wrapsAnswers)
                call.parameters = Self.members(parameters)
            } else if hadWish {
                call.parameters = Self.members(parameters)
            }
            call.messages = try Self.messages(original)
            if !offered.isEmpty {
                let mode: Mode = isForced ? .forced : wrapsAnswers ? .wrapped : .free
                try call.instruct(Self.instruction(offered, names: selection.names, mode))
            }
        } catch {
            throw ProviderFailure(.badRequest, "The request is not JSON: \(error.message)", provider: provider)
        }
    }

    private static func members(_ object: JSONObject) -> [UInt8] {
        Array(JSONValue.object(object).bytes.dropFirst().dropLast())
    }

    private static func isText(_ format: JSONValue?) -> Bool {
        format.map { $0.isNull || $0["type"] == "text" } ?? true
    }

    /// How a model may answer: with a call, with a call or in words, with JSON of either.
    private enum Mode {
        case forced, free, wrapped
    }

    private static func instruction(_ tools: [ToolSelection.Tool], names: ToolNames, _ mode: Mode) -> String {
        var text = "You can use tools. "
        text += mode == .forced ? "Answer with a call of one of them now: " : "To call one, answer with nothing but "
        text += "one JSON object of this form, without any other text:\n"
        text += #"{"tool": "<name>", "arguments": {…}}"# + "\n"
        text += "Its result comes in the next message. "
        switch mode {
        case .forced: break
        case .free: text += "When you need no tool, answer in plain text. "
        case .wrapped: text += "When you need no tool, answer with {\"\(CallSchema.answer)\": \"<your answer>\"}. "
        }
        text += "Never make up a result.\n\nTools, with JSON Schemas of their arguments:"
        for tool in tools {
            var json: JSONObject = ["tool": .string(names.original(tool.name))]
            if let description = tool.description { json["description"] = .string(description) }
            json["arguments"] = tool.parameters ?? ["type": "object"]
            text += "\n" + JSONValue.object(json).text
        }
        return text
    }

    /// Messages that are not of tools keep their bytes.
    private static func messages(_ call: ModelCall) throws(JSONError) -> [[UInt8]] {
        var bytes: [UInt8] = [0x5B]
        bytes.append(joining: call.messages)
        bytes.append(0x5D)
        let document = try JSONDocument(parsing: bytes)
        var result: [[UInt8]] = []
        var names: [String: String] = [:]
        for message in document.root.elements {
            switch message["role"]?.string {
            case "assistant" where (message["tool_calls"]?.count ?? 0) > 0:
                var lines = [Self.text(message["content"])].filter { !$0.isEmpty }
                for call in message["tool_calls"]?.elements.map({ $0 }) ?? [] {
                    let name = call["function"]?["name"]?.string ?? ""
                    names[call["id"]?.string ?? ""] = name
                    let arguments = Talk.arguments(call["function"]?["arguments"]?.string ?? "")
                    lines.append(JSONValue.object(["tool": .string(name), "arguments": arguments]).text)
                }
                result.append(object("assistant", lines.joined(separator: "\n")))
            case "tool":
                let name = names[message["tool_call_id"]?.string ?? ""] ?? "a tool"
                result.append(object("user", "Result of \(name):\n\(Self.text(message["content"]))"))
            default: result.append(message.rawBytes)
            }
        }
        return result
    }

    private static func text(_ content: JSONView?) -> String {
        guard let content else { return "" }
        return content.string ?? content.elements.compactMap { $0["text"]?.string }.joined(separator: "\n")
    }

    private static func object(_ role: String, _ content: String) -> [UInt8] {
        JSONValue.object(["role": .string(role), "content": .string(content)]).bytes
    }
}
