// A chat completion request: the members that matter are read, the rest keeps its bytes.

package import JSON

/// A checked request body of `POST …/chat/completions`.
package struct ChatRequest: Sendable {
    /// A bot's id or name, a model route, or `provider/model`.
    package var model: String
    /// The conversation: message objects joined by commas, byte for byte as the client wrote them except for the few
    /// normalisations of `ConversationReader`.
    package var messages: [UInt8]
    /// The assistant messages that called tools, with their place in `messages`.
    package var assistantCalls: [AssistantCalls]
    /// The bytes of the last user message in `messages`.
    package var lastUser: Range<Int>?
    /// The bytes of the system message that `messages` begins with.
    package var leadingSystem: Range<Int>?
    /// Whether nobody but the user has spoken since, so that it is the user who is to be answered (system messages
    /// aside, which some clients put at the end).
    package var isUsersTurn: Bool
    /// The results of tools that tell of a failure, by the ids of their calls, with what was put before their text to say so:
    /// this protocol has no other word for it.
    package var failedResults: [String: String] = [:]
    package var stream: Bool
    /// `stream_options.include_usage`.
    package var includeUsage: Bool
    /// The client's own tools.
    package var tools: [ClientTool]
    /// nil, `"none"`, `"auto"`, `"required"`, or an object that names a tool.
    package var toolChoice: JSONValue?
    /// How many answers; more than one only where no tool loop runs.
    package var choices: Int
    /// The members that are passed to the upstream as they came.
    package var parameters: [Parameter]
    /// Members of vendors, as they came: for an upstream of this protocol that the caller addresses himself, for nobody
    /// else.
    package var vendorMembers: [Parameter]
    /// Members that have no effect anywhere; named in a response header, never refused.
    package var ignored: [String]

    /// A member for the upstream.
    package struct Parameter: Sendable, Hashable {
        package let name: String
        /// The value's JSON text.
        package let json: [UInt8]

        package init(name: String, json: [UInt8]) {
            self.name = name
            self.json = json
        }
    }

    /// A tool that the client runs itself.
    package struct ClientTool: Sendable {
        package let name: String
        /// The element of `tools` as it came.
        package let json: [UInt8]
    }

    /// An assistant message of the conversation that called tools.
    package struct AssistantCalls: Sendable {
        package let ids: [String]
        /// The bytes of the message in `messages`.
        package let range: Range<Int>
    }

    /// Reads and checks a body.
    ///
    /// - Throws: `OpenAIError` 400 with the JSON path of what is wrong in `param`.
    package init(parsing body: [UInt8], depth: Int = 64) throws(OpenAIError) {
        let document = try JSONDocument(ofRequest: body, depth: depth)
        let root = document.root
        var reader = ParameterReader(document: document)
        for member in root.members { try reader.read(member.key, member.value) }

        guard let model = reader.model else { throw .invalid("You must provide a model parameter.", param: "model") }
        guard model.utf8.count <= 256 else {
            throw .invalid("Invalid 'model': at most 256 bytes.", param: "model")
        }
        guard let messages = reader.messages else {
            throw .invalid("Missing required parameter: 'messages'.", param: "messages")
        }
        if reader.includeUsage != nil, !reader.stream {
            throw .invalid("'stream_options' is only allowed when 'stream' is true.", param: "stream_options")
        }
        let conversation = try ConversationReader(document: document, messages: messages)
        self.model = model
        self.messages = conversation.bytes
        self.assistantCalls = conversation.assistantCalls
        self.lastUser = conversation.lastUser
        self.leadingSystem = conversation.leadingSystem
        self.isUsersTurn = conversation.isUsersTurn
        self.stream = reader.stream
        self.includeUsage = reader.includeUsage ?? false
        self.tools = reader.tools
        self.toolChoice = reader.toolChoice
        self.choices = reader.choices
        self.parameters = reader.parameters
        self.vendorMembers = reader.vendor.members
        self.ignored = reader.ignored.names
    }
}

/// Collects the members of a request one by one.
private struct ParameterReader {
    let document: JSONDocument
    var model: String?
    var messages: JSONView?
    var stream = false
    var includeUsage: Bool?
    var tools: [ChatRequest.ClientTool] = []
    var toolChoice: JSONValue?
    var choices = 1
    var parameters: [ChatRequest.Parameter] = []
    var vendor = VendorMembers()
    var ignored = IgnoredMembers()

    mutating func read(_ name: String, _ value: JSONView) throws(OpenAIError) {
        guard let entry = ChatParameters.table[name] else {
            if !vendor.take(name, document.bytes[value.range]) { ignored.insert(name) }
            return
        }
        // `null` is how several SDKs say "not given".
        if value.isNull, name != "messages", name != "model" { return }
        if case .refused(let reason) = entry.handling { throw .invalid(reason, param: name) }
        if let fault = entry.shape.fault(value, named: name) {
            throw .invalid(fault, param: name, code: "invalid_type")
        }
        if case .passed = entry.handling {
            // A duplicate would be two members upstream too; as everywhere, the last one counts.
            parameters.removeAll { $0.name == name }
            parameters.append(ChatRequest.Parameter(name: name, json: Array(document.bytes[value.range])))
            return
        }
        switch name {
        case "model": model = value.string
        case "messages": messages = value
        case "stream": stream = value.boolValue
        case "stream_options": try readStreamOptions(value)
        case "n": choices = value.int ?? 1
        case "tools": try readTools(value)
        case "tool_choice": try readToolChoice(value)
        default: break
        }
    }

    private mutating func readStreamOptions(_ value: JSONView) throws(OpenAIError) {
        includeUsage = false
        for member in value.members {
            switch member.key {
            case "include_usage":
                if member.value.isNull { continue }
                guard member.value.kind == .bool else {
                    throw .invalid(
                        "Invalid type for 'stream_options.include_usage': expected a boolean.",
                        param: "stream_options.include_usage",
                        code: "invalid_type"
                    )
                }
                includeUsage = member.value.boolValue
            case "include_obfuscation": continue  // Padding that only OpenAI adds; the gateway sends none.
            default: ignored.insert("stream_options.\(member.key)")
            }
        }
    }

    private mutating func readTools(_ value: JSONView) throws(OpenAIError) {
        if value.count > 128 { throw .invalid("Invalid 'tools': at most 128 elements.", param: "tools") }
        tools = []  // Of a member that is there twice the last one counts.
        var names: Set<String> = []
        for (index, tool) in value.elements.enumerated() {
            let path = "tools[\(index)]"
            guard tool.kind == .object else {
                throw .invalid("Invalid type for '\(path)': expected an object.", param: path, code: "invalid_type")
            }
            guard let type = tool["type"], type.stringEquals("function") else {
                throw .invalid("Invalid '\(path).type': only 'function' is supported.", param: "\(path).type")
            }
            guard let name = tool["function"]?["name"]?.string, !name.isEmpty else {
                throw .invalid("Missing required parameter: '\(path).function.name'.", param: "\(path).function.name")
            }
            if let parameters = tool["function"]?["parameters"], parameters.kind != .object, !parameters.isNull {
                throw .invalid(
                    "Invalid type for '\(path).function.parameters': expected an object.",
                    param: "\(path).function.parameters",
                    code: "invalid_type"
                )
            }
            guard names.insert(name).inserted else {
                throw .invalid(
                    "Invalid '\(path).function.name': '\(name)' is there twice.",
                    param: "\(path).function.name"
                )
            }
            tools.append(ChatRequest.ClientTool(name: name, json: tool.rawBytes))
        }
    }

    private mutating func readToolChoice(_ value: JSONView) throws(OpenAIError) {
        switch value.kind {
        case .string:
            guard let word = value.string, ["none", "auto", "required"].contains(word) else {
                throw .invalid(
                    "Invalid value for 'tool_choice': supported are 'none', 'auto', 'required' and an object.",
                    param: "tool_choice"
                )
            }
        case .object:
            guard value["type"]?.kind == .string else {
                throw .invalid("Missing required parameter: 'tool_choice.type'.", param: "tool_choice.type")
            }
        default:
            throw .invalid(
                "Invalid type for 'tool_choice': expected a string or an object, but got \(value.kind.phrase) instead.",
                param: "tool_choice",
                code: "invalid_type"
            )
        }
        toolChoice = value.value
    }
}

extension JSONView {
    /// True only for the literal `true`.
    fileprivate var boolValue: Bool { self.bool ?? false }
}
