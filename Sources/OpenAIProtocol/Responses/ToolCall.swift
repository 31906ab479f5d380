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

/// Puts calls together from deltas. Upstreams number them from 1, give every call the index 0, repeat the id with each
/// piece, make up a new id for each piece, or give several calls one id (`gateways.md` (c) 19, 20). A call is opened by
/// a name together with an id that its index has not had, and by any piece of an unknown index.
package struct ToolCallAssembler: Sendable {
    private var calls: [ToolCall] = []
    /// The ids as the upstream wrote them; empty where it wrote none.
    private var upstreamIDs: [String] = []
    private var slots: [Int: Int] = [:]
    /// How far the arguments of each have been looked through for their end.
    private var looks: [(scan: ArgumentScan, bytes: Int)] = []
    /// Of all arguments.
    package private(set) var bytes = 0

    private let makesIDs: Bool
    private var ids: Set<String> = []

    /// Calls of one answer at the most; an upstream that asks for more is broken.
    package static let maximumCalls = 128
    /// Bytes of all their arguments at the most.
    package static let maximumBytes = 16 << 20

    /// - Parameter makesIDs: gives every call an id of our own. Upstreams number calls per answer (`call_0`), and ids
    ///   that outlive an answer must be nobody else's.
    package init(makesIDs: Bool = false) {
        self.makesIDs = makesIDs
    }

    package var isEmpty: Bool { calls.isEmpty }

    /// More than an answer can have.
    package var isOverfull: Bool { calls.count > Self.maximumCalls || bytes > Self.maximumBytes }

    /// Takes a piece and returns it as it should be passed on: contiguous index, id and name on the opening piece
    /// only. A missing id is made up, and so is one that another call of the answer has already.
    package mutating func take(_ delta: ToolCallDelta) -> ToolCallDelta {
        // One chunk may hold a flood of them; the answer has failed.
        if isOverfull { return ToolCallDelta(index: calls.count - 1) }
        bytes += delta.arguments.count
        let id = delta.id ?? ""
        if let known = position(of: delta, id: id) {
            calls[known].arguments.append(delta.arguments)
            if calls[known].name.isEmpty, let name = delta.name, !name.isEmpty {
                // The name came late; it has not been passed on yet.
                calls[known].name = name
                return ToolCallDelta(index: known, name: name, arguments: delta.arguments)
            }
            return ToolCallDelta(index: known, arguments: delta.arguments)
        }
        let position = calls.count
        let isTaken = makesIDs || id.isEmpty || !ids.insert(id).inserted
        let call = ToolCall(
            id: isTaken ? AnswerIdentity.makeID(prefix: "call_") : id,
            name: delta.name ?? "",
            arguments: delta.arguments
        )
        calls.append(call)
        upstreamIDs.append(id)
        looks.append((ArgumentScan(), 0))
        slots[delta.index] = position
        return ToolCallDelta(index: position, id: call.id, name: call.name, arguments: delta.arguments)
    }

    /// The call that a piece goes on with; nil when it opens one.
    private mutating func position(of delta: ToolCallDelta, id: String) -> Int? {
        let hasName = !(delta.name ?? "").isEmpty
        guard let known = slots[delta.index] else {
            // Some count the index up with each piece of one call.
            return hasName || id.isEmpty ? nil : upstreamIDs.lastIndex(of: id)
        }
        if !hasName || calls[known].name.isEmpty { return known }
        if !id.isEmpty { return id == upstreamIDs[known] ? known : nil }
        // Whole calls one after the other, all without id and at the same index: the one before is complete.
        return !delta.arguments.isEmpty && isComplete(known) ? nil : known
    }

    /// Whether a call's arguments have come to their end. Each byte is looked at once, however many pieces ask.
    private mutating func isComplete(_ place: Int) -> Bool {
        let arguments = calls[place].arguments
        var news = JSONText()
        news.bytes = Array(arguments.bytes[looks[place].bytes...])
        looks[place].scan.take(news)
        looks[place].bytes = arguments.count
        // `null` and numbers have no brackets.
        return looks[place].scan.isComplete
            || arguments.count <= Self.longestWord && (try? JSONValue(parsing: arguments.decoded)) != nil
    }

    private static let longestWord = 20

    /// The calls as far as they have come.
    package var finished: [ToolCall] { calls }
}
