// Tools and their choice, from Anthropic's form to OpenAI's.

import JSON
import OpenAIProtocol

enum MessagesTools {
    /// Tools of a request at the most.
    private static let maximum = 128

    /// Writes `tools`, `tool_choice` and `parallel_tool_calls`.
    static func write(
        _ tools: JSONView?,
        _ choice: JSONView?,
        into writer: inout JSONWriter,
        _ ignored: inout IgnoredMembers
    ) throws(OpenAIError) {
        if let tools, tools.count > 0 {
            guard tools.count <= maximum else { throw .field("tools", "At most \(maximum) are supported.") }
            var names: Set<String> = []
            writer.key("tools")
            writer.beginArray()
            for (index, tool) in tools.elements.enumerated() {
                let name = try write(tool, "tools.\(index)", into: &writer, &ignored)
                guard names.insert(name).inserted else {
                    throw .field("tools.\(index).name", "Tool names must be unique.")
                }
            }
            writer.endArray()
        }
        if let choice { try write(choice: choice, into: &writer) }
    }

    private static func write(
        _ tool: JSONView,
        _ path: String,
        into writer: inout JSONWriter,
        _ ignored: inout IgnoredMembers
    ) throws(OpenAIError) -> String {
        guard tool.kind == .object else { throw .field(path, "An object is needed.") }
        var name: String?
        var description: JSONView?
        var schema: JSONView?
        var isStrict = false
        for member in tool.members {
            let (key, value) = (member.key, member.value)
            if value.isNull { continue }
            switch key {
            case "type":
                guard value.stringEquals("custom") else {
                    let type = (value.string ?? value.kind.phrase).prefix(60)
                    throw .field("\(path).type", "Anthropic's own tools, like \(type), are not supported here.")
                }
            case "name": name = value.string
            case "description":
                guard value.kind == .string else { throw .field("\(path).description", "A text is needed.") }
                description = value
            case "input_schema": schema = value
            case "strict":
                guard let flag = value.bool else { throw .field("\(path).strict", "A boolean is needed.") }
                isStrict = flag
            default:
                ignored.insert("tools.\(key)")
            }
        }
        guard let name, isName(name) else {
            throw .field("\(path).name", "1 to 128 letters, digits, '_' and '-' are needed.")
        }
        guard let schema, schema.kind == .object else { throw .field("\(path).input_schema", "An object is needed.") }
        writer.beginObject()
        writer.key("type")
        writer.string("function")
        writer.key("function")
        writer.beginObject()
        writer.key("name")
        writer.string(name)
        if let description {
            writer.key("description")
            writer.raw(description.rawBytes)
        }
        writer.key("parameters")
        writer.raw(schema.rawBytes)
        if isStrict {
            writer.key("strict")
            writer.bool(true)
        }
        writer.endObject()
        writer.endObject()
        return name
    }

    private static func write(choice: JSONView, into writer: inout JSONWriter) throws(OpenAIError) {
        switch choice["type"]?.string {
        case "auto": word("auto", into: &writer)
        case "any": word("required", into: &writer)
        case "none": word("none", into: &writer)
        case "tool":
            guard let name = choice["name"], name.kind == .string else {
                throw .field("tool_choice.name", "A text is needed.")
            }
            writer.key("tool_choice")
            writer.beginObject()
            writer.key("type")
            writer.string("function")
            writer.key("function")
            writer.beginObject()
            writer.key("name")
            writer.raw(name.rawBytes)
            writer.endObject()
            writer.endObject()
        default: throw .field("tool_choice.type", "Supported are auto, any, tool and none.")
        }
        guard let single = choice["disable_parallel_tool_use"], !single.isNull else { return }
        guard let flag = single.bool else {
            throw .field("tool_choice.disable_parallel_tool_use", "A boolean is needed.")
        }
        if flag {
            writer.key("parallel_tool_calls")
            writer.bool(false)
        }
    }

    private static func word(_ word: String, into writer: inout JSONWriter) {
        writer.key("tool_choice")
        writer.string(word)
    }

    private static func isName(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
