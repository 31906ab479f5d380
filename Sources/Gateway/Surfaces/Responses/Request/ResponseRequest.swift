// A request to create a response, read and checked, and its translation to a chat request.

import JSON
import OpenAIProtocol

/// A checked body of `POST …/responses`.
struct ResponseRequest: Sendable {
    /// One item of `input`.
    struct Item: Sendable {
        let view: JSONView
        /// Its place in the request, for errors.
        let path: String
    }

    let model: String
    /// The items of this request; a plain text is one user message.
    private(set) var items: [Item] = []
    let instructions: JSONView?
    let previousID: String?
    /// Whether the client wants it kept; it does when it says nothing, as with OpenAI.
    let store: Bool
    let stream: Bool
    /// Fields without effect.
    let ignored: [String]
    /// What the answer says of the request, as members to paste.
    let echo: [UInt8]
    /// Members of the chat request.
    private let parameters: [UInt8]

    /// Reads and checks a body.
    ///
    /// - Throws: `OpenAIError` 400 that names the field.
    init(parsing body: [UInt8]) throws(OpenAIError) {
        var reader = ResponseReader()
        try reader.read(JSONDocument(ofRequest: body, depth: 64).root)
        guard let model = reader.text("model") else {
            throw .invalid("You must provide a model parameter.", param: "model")
        }
        guard model.utf8.count <= 256 else { throw .invalid("Invalid 'model': at most 256 bytes.", param: "model") }
        guard let input = reader.fields["input"] else {
            throw .invalid("Missing required parameter: 'input'.", param: "input")
        }
        if reader.fields["stream_options"] != nil, !reader.flag("stream", or: false) {
            throw .invalid("'stream_options' is only allowed when 'stream' is true.", param: "stream_options")
        }
        self.model = model
        instructions = reader.fields["instructions"]
        previousID = reader.text("previous_response_id")
        store = reader.flag("store", or: true)
        stream = reader.flag("stream", or: false)
        ignored = reader.ignored.names
        echo = reader.echo
        parameters = reader.parameters
        items = try Self.items(input)
        if items.isEmpty, previousID == nil {
            throw .invalid("Invalid 'input': empty array. Expected at least one item.", param: "input")
        }
    }

    private static func items(_ input: JSONView) throws(OpenAIError) -> [Item] {
        switch input.kind {
        case .string:
            var writer = JSONWriter(capacity: input.range.count + 80)
            writer.beginObject()
            writer.key("type")
            writer.string("message")
            writer.key("role")
            writer.string("user")
            writer.key("content")
            writer.beginArray()
            writer.raw(#"{"type":"input_text","text":"#.utf8)
            writer.bytes.append(contentsOf: input.rawBytes + [0x7D])
            writer.endArray()
            writer.endObject()
            guard let message = try? JSONDocument(parsing: writer.bytes) else { throw .internal() }
            return [Item(view: message.root, path: "input")]
        case .array:
            var items: [Item] = []
            for (index, element) in input.elements.enumerated() {
                let path = "input[\(index)]"
                guard element.kind == .object else {
                    throw .invalid("Invalid type for '\(path)': expected an object.", param: path, code: "invalid_type")
                }
                items.append(Item(view: element, path: path))
            }
            return items
        default:
            throw .invalid(
                "Invalid type for 'input': expected a string or an array, but got \(input.kind.phrase) instead.",
                param: "input",
                code: "invalid_type"
            )
        }
    }

    /// The ids that items of the input refer to.
    var references: [String] {
        items.compactMap { $0.view.isReference ? $0.view["id"]?.string : nil }
    }

    /// Puts kept items in the place of those that refer to them. One item may be referred to often.
    ///
    /// - Throws: `OpenAIError` 404 for an id that `find` does not know, 413 when the input becomes larger than a body
    ///   may be.
    mutating func resolve(_ find: (String) -> JSONView?) throws(OpenAIError) {
        var bytes = items.reduce(0) { $0 + $1.view.range.count }
        for (index, item) in items.enumerated() where item.view.isReference {
            guard let id = item.view["id"]?.string else {
                throw .invalid("Missing required parameter: '\(item.path).id'.", param: "\(item.path).id")
            }
            guard let found = find(id) else {
                throw OpenAIError(
                    status: 404,
                    message: "Item with id '\(id.prefix(100))' not found. Items are not kept when 'store' is false.",
                    type: "invalid_request_error",
                    param: "\(item.path).id"
                )
            }
            bytes += found.range.count - item.view.range.count
            guard bytes <= ChatRoutes.bodyLimit else {
                throw .largeInput("its items and those that they refer to", limit: ChatRoutes.bodyLimit)
            }
            items[index] = Item(view: found, path: item.path)
        }
    }

    /// The items as a JSON array, for the store.
    var inputJSON: [UInt8] {
        [0x5B] + items.map(\.view.rawBytes).joined(separator: [0x2C]) + [0x5D]
    }

    /// The same as a chat request.
    ///
    /// - Parameter history: the items of the conversation that it goes on from.
    func chat(after history: [Item] = []) throws(OpenAIError) -> ChatRequest {
        var conversation = ConversationTranslation()
        if let instructions { conversation.system(instructions) }
        for item in history { try conversation.take(item.view, item.path) }
        for item in items { try conversation.take(item.view, item.path) }
        let messages = try conversation.finish()
        var writer = JSONWriter(capacity: messages.count + parameters.count + 80)
        writer.beginObject()
        writer.key("model")
        writer.string(model)
        writer.key("stream")
        writer.bool(stream)
        writer.members(parameters)
        writer.key("messages")
        writer.beginArray()
        writer.members(messages)
        writer.endArray()
        writer.endObject()
        do {
            var chat = try ChatRequest(parsing: writer.bytes, depth: 72)
            if conversation.endsWithMedia { chat.isUsersTurn = false }
            return chat
        } catch {
            throw error.forResponses
        }
    }
}

extension JSONView {
    /// `{"type":"item_reference","id":…}`; the type may be left out.
    fileprivate var isReference: Bool {
        if let type = self["type"], !type.isNull { return type.stringEquals("item_reference") }
        return self["role"] == nil && self["id"]?.kind == .string
    }
}
