// Messages that a turn adds to the conversation: the prompt, the model's calls, the results.

import JSON
import OpenAIProtocol

/// JSON texts of single messages.
enum TurnMessages {
    /// `{"role":"system","content":…}`
    static func system(_ prompt: String) -> [UInt8] {
        var writer = JSONWriter(capacity: prompt.utf8.count + 40)
        writer.beginObject()
        writer.key("role")
        writer.string("system")
        writer.key("content")
        writer.string(prompt)
        writer.endObject()
        return writer.bytes
    }

    /// A bot's prompt and the client's conversation. A system message that the conversation begins with becomes one with the
    /// prompt, which stands before its words: the templates of many models take no second one.
    static func opening(_ prompt: String?, _ conversation: [UInt8], leading: Range<Int>?) -> [[UInt8]] {
        guard let prompt else { return [conversation] }
        guard let leading, let own = try? JSONDocument(parsing: Array(conversation[leading])),
            let content = own.root["content"], content.kind == .string || content.kind == .array
        else { return [system(prompt), conversation] }
        var writer = JSONWriter(capacity: prompt.utf8.count + content.range.count + 40)
        if let said = content.escapedContent {
            var text = JSONText(escaping: said.isEmpty || prompt.isEmpty ? prompt : prompt + "\n\n")
            text.append(said)
            writer.text(text)
        } else {
            writer.beginArray()
            writer.beginObject()
            writer.key("type")
            writer.string("text")
            writer.key("text")
            writer.string(prompt)
            writer.endObject()
            writer.members(content.rawBytes.dropFirst().dropLast())
            writer.endArray()
        }
        return [splice(own.bytes, [(content.range, writer.bytes)]) + conversation[leading.upperBound...]]
    }

    /// The assistant's message of a round that called tools. Its reasoning goes back too: DeepSeek's models want it on
    /// turns with calls (`clients.md` 5.5), and only upstreams that write it make the gateway send it.
    static func calls(_ calls: [ToolCall], content: JSONText, reasoning: JSONText) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + content.count + reasoning.count)
        writer.beginObject()
        writer.key("role")
        writer.string("assistant")
        writer.key("content")
        if content.isEmpty { writer.null() } else { writer.text(content) }
        if !reasoning.isEmpty {
            writer.key("reasoning_content")
            writer.text(reasoning)
        }
        writer.key("tool_calls")
        writer.beginArray()
        for call in calls {
            var call = call
            // Several upstreams parse the arguments of earlier calls and fail the request when they cannot.
            if (try? JSONValue(parsing: call.arguments.decoded)) == nil { call.arguments = JSONText(escaping: "{}") }
            call.write(into: &writer)
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// `{"role":"tool","tool_call_id":…,"content":"…"}`
    static func result(of callID: String, json: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: json.count + 80)
        writer.beginObject()
        writer.key("role")
        writer.string("tool")
        writer.key("tool_call_id")
        writer.string(callID)
        writer.key("content")
        writer.string(String(decoding: json, as: UTF8.self))
        writer.endObject()
        return writer.bytes
    }
}
