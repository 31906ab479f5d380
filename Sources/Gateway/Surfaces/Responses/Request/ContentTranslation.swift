// The content of items: from `input_text`, `input_image`, `input_file` to the parts of chat messages.

import JSON
import OpenAIProtocol

/// Translates contents. Texts stay as the client escaped them.
enum ContentTranslation {
    /// A user's or system message's: a text where it is one, else parts.
    static func parts(_ content: JSONView, _ path: String) throws(OpenAIError) -> [UInt8] {
        guard content.kind == .array else { return content.rawBytes }
        // Several upstreams take no lists of parts where a text would do.
        if content.count == 1, let only = content[0], only["type"]?.stringEquals("input_text") == true,
            let text = only["text"], text.kind == .string
        {
            return text.rawBytes
        }
        var writer = JSONWriter(capacity: content.range.count)
        writer.beginArray()
        for (index, part) in content.elements.enumerated() { try write(part, "\(path)[\(index)]", into: &writer) }
        writer.endArray()
        return writer.bytes
    }

    /// An assistant's: what it said and what it refused, still escaped.
    static func said(
        _ content: JSONView,
        _ path: String
    ) throws(OpenAIError) -> (texts: [JSONText], refusals: [JSONText]) {
        if let text = content.escapedContent { return ([text], []) }
        var texts: [JSONText] = []
        var refusals: [JSONText] = []
        for (index, part) in content.elements.enumerated() {
            switch part["type"]?.string {
            case "output_text", "input_text": texts.append(try text(part, "text", "\(path)[\(index)]"))
            case "refusal": refusals.append(try text(part, "refusal", "\(path)[\(index)]"))
            default:
                throw .invalid(
                    "Invalid value for '\(path)[\(index)].type': supported are 'output_text' and 'refusal'.",
                    param: "\(path)[\(index)].type",
                    code: "unsupported_value"
                )
            }
        }
        // Nothing at all is still something that was said.
        return (texts.isEmpty && refusals.isEmpty ? [JSONText()] : texts, refusals)
    }

    /// A tool's result: its text, and its images and files as parts of a chat message, comma-joined, since few upstreams take
    /// them in a tool's.
    static func result(_ output: JSONView, _ path: String) throws(OpenAIError) -> (text: [UInt8], media: [UInt8]) {
        guard output.kind == .array else { return (output.rawBytes, []) }
        var bytes: [UInt8] = [0x22]
        var media = JSONWriter()
        for (index, part) in output.elements.enumerated() {
            guard part["type"]?.stringEquals("input_text") == true else {
                try write(part, "\(path)[\(index)]", into: &media)
                continue
            }
            if bytes.count > 1 { bytes.append(contentsOf: "\\n".utf8) }
            bytes.append(contentsOf: try text(part, "text", "\(path)[\(index)]").bytes)
        }
        if bytes.count == 1, !media.bytes.isEmpty { bytes.append(contentsOf: "The result follows.".utf8) }
        bytes.append(0x22)
        return (bytes, media.bytes)
    }

    private static func text(_ part: JSONView, _ key: String, _ path: String) throws(OpenAIError) -> JSONText {
        guard let text = part[key]?.escapedContent else {
            throw .invalid(
                "Invalid type for '\(path).\(key)': expected a string.",
                param: "\(path).\(key)",
                code: "invalid_type"
            )
        }
        return text
    }

    private static func write(
        _ part: JSONView,
        _ path: String,
        into writer: inout JSONWriter
    ) throws(OpenAIError) {
        switch part["type"]?.string {
        case "input_text": write(text: try text(part, "text", path), into: &writer)
        case "input_image":
            try writeObject("image_url", part, [("image_url", "url"), ("detail", "detail")], path, into: &writer)
        case "input_file":
            try writeObject("file", part, [("file_data", "file_data"), ("filename", "filename")], path, into: &writer)
        default:
            throw .invalid(
                "Invalid value for '\(path).type': supported are 'input_text', 'input_image' and 'input_file'.",
                param: "\(path).type",
                code: "unsupported_value"
            )
        }
    }

    static func write(text: JSONText, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("type")
        writer.string("text")
        writer.key("text")
        writer.text(text)
        writer.endObject()
    }

    /// - Parameter members: theirs and chat's names; the first one must be there.
    private static func writeObject(
        _ type: String,
        _ part: JSONView,
        _ members: [(String, String)],
        _ path: String,
        into writer: inout JSONWriter
    ) throws(OpenAIError) {
        for name in ["file_id", "file_url"] where part[name].map({ !$0.isNull }) ?? false {
            throw .invalid(
                "'\(path).\(name)' is not supported: the gateway has no files and fetches none; send the data itself.",
                param: "\(path).\(name)",
                code: "unsupported_parameter"
            )
        }
        writer.beginObject()
        writer.key("type")
        writer.string(type)
        writer.key(type)
        writer.beginObject()
        for (index, (theirs, chat)) in members.enumerated() {
            guard let value = part[theirs], value.kind == .string else {
                if index > 0 { continue }
                throw .invalid("Missing required parameter: '\(path).\(theirs)'.", param: "\(path).\(theirs)")
            }
            writer.key(chat)
            writer.raw(value.rawBytes)
        }
        writer.endObject()
        writer.endObject()
    }
}
