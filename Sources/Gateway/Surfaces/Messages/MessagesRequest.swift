// A request in Anthropic's form, translated into the one that turns are made of.

import Conversation
import JSON
import OpenAIProtocol
import Tools

/// A checked body of `POST …/messages` (`clients.md` 5.1, read the other way round).
///
/// What has the same meaning in both forms is translated; what only tunes how Anthropic works (`top_k`, caching, tiers)
/// is named in `ignored`; what would mean another answer (their own tools, files by id, a place of processing) is
/// refused.
struct MessagesRequest {
    /// The translation; `ignored` is in Anthropic's names.
    let chat: ChatRequest
    /// As they came, to tell which of them ended an answer.
    let stopSequences: [String]
    let size: MessageSize

    /// What a body is read for.
    enum Purpose: Sendable {
        case answer
        /// `count_tokens`, which needs no `max_tokens`.
        case count
    }

    /// - Throws: `OpenAIError` 400 with the path of what is wrong, in Anthropic's notation, in message and `param`.
    init(parsing body: [UInt8], for purpose: Purpose = .answer) throws(OpenAIError) {
        let document = try JSONDocument(ofRequest: body, depth: 64)
        var reader = MessagesReader()
        for member in document.root.members { try reader.read(member.key, member.value) }
        guard reader.hasModel else { throw .field("model", "Field required.") }
        guard let messages = reader.messages else { throw .field("messages", "Field required.") }
        guard reader.hasMaximum || purpose == .count else { throw .field("max_tokens", "Field required.") }
        try reader.settle()
        let conversation = try MessagesConversation(system: reader.system, messages: messages)
        reader.writer.key("messages")
        reader.writer.raw([0x5B] + conversation.bytes + [0x5D])
        reader.writer.endObject()
        // Tools lie one level deeper there.
        var chat = try ChatRequest(parsing: reader.writer.bytes, depth: 72)
        // Who comes back with a tool's results has not spoken, whatever text lies beside them.
        if conversation.endsWithResults { chat.isUsersTurn = false }
        chat.failedResults = conversation.failed
        reader.ignored.insert(conversation.ignored)
        chat.ignored = reader.ignored.names
        self.chat = chat
        stopSequences = reader.stopSequences
        size = conversation.size
    }
}

/// How large a prompt is, as far as that can be told without its model.
struct MessageSize: Sendable, Hashable {
    /// Bytes of text.
    var bytes = 0
    var images = 0

    var estimatedTokens: Int { TokenEstimate.tokens(bytes: bytes) + images * TokenEstimate.imageTokens }

    /// With what a turn adds to it: the bot's prompt and all tools.
    func added(_ plan: TurnPlan) -> MessageSize {
        var size = self
        size.bytes += plan.systemPrompt?.utf8.count ?? 0
        size.bytes += plan.clientTools.reduce(0) { $0 + $1.json.count }
        size.bytes += plan.tools.reduce(0) { $0 + $1.definition.count }
        return size
    }
}

/// Reads the members beside the conversation and writes theirs.
private struct MessagesReader {
    var writer: JSONWriter = {
        var writer = JSONWriter(capacity: 1024)
        writer.beginObject()
        return writer
    }()
    var ignored = IgnoredMembers()
    var hasModel = false
    var hasMaximum = false
    var messages: JSONView?
    var system: JSONView?
    var stopSequences: [String] = []
    private var thinking: JSONView?
    private var output: JSONView?
    private var format: JSONView?
    private var tools: JSONView?
    private var choice: JSONView?
    private var seen: Set<String> = []

    private static let shapes: [String: ParameterShape] = [
        "model": .string, "messages": .array, "max_tokens": .integer(1...Int.max), "system": .any,
        "stream": .boolean, "temperature": .number(0...1), "top_p": .number(0...1), "stop_sequences": .array,
        "metadata": .object, "tools": .array, "tool_choice": .object, "thinking": .object, "output_config": .object,
        "output_format": .object, "container": .any, "mcp_servers": .array, "inference_geo": .any,
    ]

    mutating func read(_ name: String, _ value: JSONView) throws(OpenAIError) {
        guard let shape = Self.shapes[name] else {
            ignored.insert(name)
            return
        }
        if value.isNull, name != "model", name != "messages", name != "max_tokens" { return }
        guard seen.insert(name).inserted else { throw .field(name, "It is there twice.") }
        if let fault = shape.fault(value, named: name) { throw .field(name, fault) }
        switch name {
        case "model":
            hasModel = true
            pass("model", value)
        case "messages": messages = value
        case "system": system = value
        case "max_tokens":
            hasMaximum = true
            pass("max_tokens", value)
        case "stream", "temperature", "top_p": pass(name, value)
        case "stop_sequences": try readStops(value)
        case "metadata": try readMetadata(value)
        case "tools": tools = value
        case "tool_choice": choice = value
        case "thinking": thinking = value
        case "output_config": output = value
        case "output_format": format = value
        default:
            if value.kind == .array, value.count == 0 { return }
            throw .field(name, "It is not supported here.")
        }
    }

    /// Writes what several members say together.
    mutating func settle() throws(OpenAIError) {
        try MessagesTools.write(tools, choice, into: &writer, &ignored)
        var format = format
        var effort: String?
        for member in output?.members.map({ $0 }) ?? [] {
            switch member.key {
            case "format": if !member.value.isNull { format = member.value }
            case "effort":
                if member.value.isNull { continue }
                guard let word = member.value.string, Self.efforts.contains(word) else {
                    throw .field("output_config.effort", "Supported are low, medium, high, xhigh and max.")
                }
                effort = word
            default: ignored.insert("output_config.\(member.key)")
            }
        }
        if let format { try write(format: format) }
        try writeThinking(effort)
    }

    private mutating func pass(_ name: String, _ value: JSONView) {
        writer.key(name)
        writer.raw(value.rawBytes)
    }

    private mutating func readStops(_ value: JSONView) throws(OpenAIError) {
        for (index, stop) in value.elements.enumerated() {
            guard let text = stop.string, !text.isEmpty else {
                throw .field("stop_sequences.\(index)", "A text is needed that is not empty.")
            }
            stopSequences.append(text)
        }
        let most = ChatParameters.mostStops
        guard stopSequences.count <= most else { throw .field("stop_sequences", "At most \(most) are supported.") }
        if !stopSequences.isEmpty { pass("stop", value) }
    }

    private mutating func readMetadata(_ value: JSONView) throws(OpenAIError) {
        for member in value.members {
            if member.key == "user_id", member.value.kind == .string {
                pass("user", member.value)
            } else if member.key == "user_id", !member.value.isNull {
                throw .field("metadata.user_id", "A text is needed.")
            } else if !member.value.isNull {
                ignored.insert("metadata.\(member.key)")
            }
        }
    }

    private mutating func write(format: JSONView) throws(OpenAIError) {
        guard format["type"]?.stringEquals("json_schema") == true else {
            throw .field("output_config.format.type", "Supported is json_schema.")
        }
        guard let schema = format["schema"], schema.kind == .object else {
            throw .field("output_config.format.schema", "An object is needed.")
        }
        writer.key("response_format")
        writer.beginObject()
        writer.key("type")
        writer.string("json_schema")
        writer.key("json_schema")
        writer.beginObject()
        writer.key("name")
        writer.string("answer")
        writer.key("schema")
        writer.raw(schema.rawBytes)
        writer.endObject()
        writer.endObject()
    }

    private static let efforts: Set<String> = ["low", "medium", "high", "xhigh", "max"]

    /// Thinking becomes `reasoning_effort`, the one form that all providers have a word for. A budget becomes the effort
    /// whose budget it is with those who count in tokens.
    private mutating func writeThinking(_ effort: String?) throws(OpenAIError) {
        var effort = effort == "max" ? "xhigh" : effort
        switch thinking?["type"]?.string {
        case nil where thinking == nil: break
        case "disabled": effort = nil
        case "adaptive": effort = effort ?? "high"
        case "enabled":
            guard let budget = thinking?["budget_tokens"]?.int, budget >= 1024 else {
                throw .field("thinking.budget_tokens", "A whole number from 1024 is needed.")
            }
            effort = effort ?? (budget < 4096 ? "low" : budget < 12_288 ? "medium" : "high")
        default: throw .field("thinking.type", "Supported are enabled, adaptive and disabled.")
        }
        guard let effort else { return }
        writer.key("reasoning_effort")
        writer.string(effort)
    }
}

extension OpenAIError {
    /// 400 for a member of a request in Anthropic's form: `messages.0.content: …`.
    static func field(_ path: String, _ reason: String) -> OpenAIError {
        .invalid("\(path): \(reason)", param: path)
    }
}
