// A whole tool call and its assembly from pieces.

package import JSON

/// A tool call that a model has finished writing.
package struct ToolCall: Sendable, Hashable {
    package var id: String
    /// Byte for byte as the model, and through it the client, named it.
    package var name: String
    /// The arguments' JSON text as the model wrote it, escaped; it may be invalid JSON.
    package var arguments: JSONText

    package init(id: String, name: String, arguments: JSONText) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }

    /// `{"id":…,"type":"function","function":{"name":…,"arguments":"…"}}`
    package func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("type")
        writer.string("function")
        writer.key("function")
        writer.beginObject()
        writer.key("name")
        writer.string(name)
        writer.key("arguments")
        writer.text(arguments)
        writer.endObject()
        writer.endObject()
    }
}

/// Puts calls together from deltas. Upstreams number them from 1, give every call the index 0, or repeat the id with
/// each piece (`gateways.md` (c) 19, 20): a new id always opens a new call.
package struct ToolCallAssembler: Sendable {
    private var calls: [ToolCall] = []
    private var slots: [Int: Int] = [:]

    package init() {}

    package var isEmpty: Bool { calls.isEmpty }

    /// Takes a piece and returns it as it should be passed on: contiguous index, id and name on the opening piece
    /// only. A missing id is made up.
    package mutating func take(_ delta: ToolCallDelta) -> ToolCallDelta {
        let known = slots[delta.index]
        let id = delta.id.flatMap { $0.isEmpty ? nil : $0 }
        if let known, id == nil || id == calls[known].id {
            calls[known].arguments.append(delta.arguments)
            if calls[known].name.isEmpty, let name = delta.name, !name.isEmpty {
                // The name came late; it has not been passed on yet.
                calls[known].name = name
                return ToolCallDelta(index: known, name: name, arguments: delta.arguments)
            }
            return ToolCallDelta(index: known, arguments: delta.arguments)
        }
        let position = calls.count
        let call = ToolCall(
            id: id ?? AnswerIdentity.makeID(prefix: "call_"),
            name: delta.name ?? "",
            arguments: delta.arguments
        )
        calls.append(call)
        slots[delta.index] = position
        return ToolCallDelta(index: position, id: call.id, name: call.name, arguments: delta.arguments)
    }

    /// The calls as far as they have come.
    package var finished: [ToolCall] { calls }
}
