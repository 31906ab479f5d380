// The call that is made because the caller insists on one, whatever the question is.

import JSON

/// Calls for `tool_choice` `required` or a name. The question's own calls come first; otherwise arguments that the
/// schema requires are filled from the question as far as it goes: a model that is forced has nothing better either.
enum ForcedCalls {
    /// - Parameter wished: the calls that the question's family wants anyway.
    static func calls(
        _ choice: OfflineToolChoice,
        wished: [PlannedCall],
        tools: OfferedTools,
        question: Question,
        text: String
    ) -> [PlannedCall] {
        switch choice {
        case .auto, .none: return wished
        case .named(let name):
            let own = wished.filter { $0.name == name }
            if !own.isEmpty { return own }
            return tools[name].map { [call($0, question, text)] } ?? []
        case .required:
            if !wished.isEmpty { return wished }
            // A tool that wants nothing is the least invented; else the first.
            let tool = tools.all.first { $0.required.isEmpty } ?? tools.all.first
            return tool.map { [call($0, question, text)] } ?? []
        }
    }

    private static func call(_ tool: OfferedTool, _ question: Question, _ text: String) -> PlannedCall {
        var draft = ArgumentDraft(tool)
        if let id = question.meaning.alertIDs.first { draft.set(id: id) }
        for name in tool.required where draft.arguments[name] == nil {
            let schema = tool.properties[name] ?? .object([:])
            draft.set(raw: name, value(schema, question, text, depth: 0))
        }
        return PlannedCall(name: tool.name, arguments: draft.arguments)
    }

    private static func value(_ schema: JSONValue, _ question: Question, _ text: String, depth: Int) -> JSONValue {
        if let given = schema["default"] ?? schema["const"] { return given }
        if let values = schema["enum"]?.array, let first = values.first {
            return values.first { value in
                guard let word = value.string?.lowercased(), !word.isEmpty else { return false }
                return question.utterance.spaced.contains(" \(word) ") || question.utterance.compact.contains(word)
            } ?? first
        }
        let property = OfferedProperty(name: "", schema: schema)
        let number = question.utterance.words.lazy.compactMap(\.number).first
        switch property.types.first {
        case "integer", "number":
            let least = schema["minimum"]?.int ?? 0
            let most = schema["maximum"]?.int ?? .max
            return .number(JSONNumber(max(least, min(number ?? least, max(least, most)))))
        case "boolean": return false
        case "array":
            guard (schema["minItems"]?.int ?? 0) > 0, depth < 4 else { return [] }
            return [value(schema["items"] ?? .object([:]), question, text, depth: depth + 1)]
        case "object":
            var object: JSONObject = [:]
            guard depth < 4 else { return .object(object) }
            for name in schema["required"]?.array?.compactMap(\.string) ?? [] {
                let inner = schema["properties"]?[name] ?? .object([:])
                object[name] = value(inner, question, text, depth: depth + 1)
            }
            return .object(object)
        case "null": return .null
        default:
            let most = max(0, min(schema["maxLength"]?.int ?? 400, 400))
            return .string(String(String.UnicodeScalarView(text.unicodeScalars.prefix(most))))
        }
    }
}
