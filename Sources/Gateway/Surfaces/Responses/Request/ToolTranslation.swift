// Tools, the choice among them, and the answer's form: from the flat objects of responses to chat's nested ones.

import JSON
import OpenAIProtocol

/// Translates parts of a request. Each answer is JSON for the chat request's member of that meaning.
enum ToolTranslation {
    /// `{"type":"function","name":…}` → `{"type":"function","function":{"name":…}}`.
    ///
    /// - Throws: 400 for tools that would run at OpenAI: the gateway has none of those.
    static func tool(_ tool: JSONView, at path: String) throws(OpenAIError) -> [UInt8] {
        guard tool.kind == .object else {
            throw .invalid("Invalid type for '\(path)': expected an object.", param: path, code: "invalid_type")
        }
        guard let type = tool["type"]?.string else {
            throw .invalid("Missing required parameter: '\(path).type'.", param: "\(path).type")
        }
        guard type == "function" else {
            throw .invalid(
                "The tool '\(type.prefix(100))' is not supported: the gateway's own tools belong to its bots, and of "
                    + "yours only functions are.",
                param: "\(path).type",
                code: "unsupported_value"
            )
        }
        guard let name = tool["name"], name.kind == .string, !name.stringEquals("") else {
            throw .invalid("Missing required parameter: '\(path).name'.", param: "\(path).name")
        }
        return function("function") { writer in
            for key in ["name", "description", "parameters", "strict"] {
                guard let value = tool[key], !value.isNull else { continue }
                writer.key(key)
                writer.raw(value.rawBytes)
            }
        }
    }

    static func choice(_ choice: JSONView) throws(OpenAIError) -> [UInt8] {
        if choice.kind != .object { return choice.rawBytes }
        switch choice["type"]?.string {
        case "function": return try named(choice, "tool_choice")
        case "allowed_tools":
            guard let mode = choice["mode"]?.string, ["auto", "required"].contains(mode) else {
                throw .invalid(
                    "Invalid value for 'tool_choice.mode': supported are 'auto' and 'required'.",
                    param: "tool_choice.mode"
                )
            }
            guard let tools = choice["tools"], tools.kind == .array, tools.count > 0 else {
                throw .invalid("Missing required parameter: 'tool_choice.tools'.", param: "tool_choice.tools")
            }
            var list = JSONWriter()
            for (index, tool) in tools.elements.enumerated() {
                list.raw(try named(tool, "tool_choice.tools[\(index)]"))
            }
            return function("allowed_tools") { writer in
                writer.key("mode")
                writer.string(mode)
                writer.key("tools")
                writer.beginArray()
                writer.members(list.bytes)
                writer.endArray()
            }
        default:
            throw .invalid(
                "Invalid value for 'tool_choice.type': supported are 'function' and 'allowed_tools'.",
                param: "tool_choice.type",
                code: "unsupported_value"
            )
        }
    }

    /// `text.format`; nil for plain text.
    static func format(_ format: JSONView) throws(OpenAIError) -> [UInt8]? {
        switch format["type"]?.string {
        case "text": return nil
        case "json_object": return Array(#"{"type":"json_object"}"#.utf8)
        case "json_schema":
            guard format["name"]?.kind == .string else {
                throw .invalid("Missing required parameter: 'text.format.name'.", param: "text.format.name")
            }
            guard format["schema"]?.kind == .object else {
                throw .invalid("Missing required parameter: 'text.format.schema'.", param: "text.format.schema")
            }
            return function("json_schema") { writer in
                for key in ["name", "description", "schema", "strict"] {
                    guard let value = format[key], !value.isNull else { continue }
                    writer.key(key)
                    writer.raw(value.rawBytes)
                }
            }
        default:
            throw .invalid(
                "Invalid value for 'text.format.type': supported are 'text', 'json_object' and 'json_schema'.",
                param: "text.format.type"
            )
        }
    }

    private static func named(_ tool: JSONView, _ path: String) throws(OpenAIError) -> [UInt8] {
        guard tool["type"]?.stringEquals("function") == true, let name = tool["name"], name.kind == .string else {
            throw .invalid("Missing required parameter: '\(path).name'.", param: "\(path).name")
        }
        return function("function") { writer in
            writer.key("name")
            writer.raw(name.rawBytes)
        }
    }

    /// `{"type":TYPE,TYPE:{…}}`
    private static func function(_ type: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        writer.key("type")
        writer.string(type)
        writer.key(type)
        writer.beginObject()
        members(&writer)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
