// Puts a model's deltas together to the items of a response, and tells what changed.

import JSON
import OpenAIProtocol

/// Something that has happened to the output; the numbers are places in `items` and in an item's parts.
enum OutputChange: Sendable, Hashable {
    case itemAdded(Int)
    case partAdded(Int, part: Int)
    case textGrew(Int, part: Int, JSONText)
    case argumentsGrew(Int, JSONText)
    case partDone(Int, part: Int)
    case itemDone(Int)
}

/// Collects the output of a response. Pure: deltas in, items and changes out, the same for streamed and whole answers.
///
/// Thinking and messages follow one another: what is of another kind ends the item that is open. Calls stay open until
/// the end, since upstreams mix the pieces of several.
struct OutputBuilder: Sendable {
    private enum Call: Sendable {
        /// It cannot be shown before its name is known.
        case nameless(id: String, JSONText)
        case shown(Int)
    }

    /// Bytes of an answer at the most; an item counts for a few of its own.
    static let largest = 16 << 20
    private static let itemCost = 256

    /// The 24 letters that tell this response's items from all others.
    private let token: String
    private(set) var items: [OutputItem] = []
    private(set) var bytes = 0
    /// The open message or piece of thinking.
    private var open: Int?
    private var calls: [Int: Call] = [:]

    init(token: String) {
        self.token = token
    }

    /// More than any answer can hold.
    var isOverfull: Bool { bytes > Self.largest }

    mutating func take(_ delta: ModelDelta) -> [OutputChange] {
        var changes: [OutputChange] = []
        if let text = delta.reasoning, !text.isEmpty { append(text, .summary, to: .reasoning, &changes) }
        if let text = delta.content, !text.isEmpty { append(text, .text, to: .message, &changes) }
        if let text = delta.refusal, !text.isEmpty { append(text, .refusal, to: .message, &changes) }
        for piece in delta.toolCalls { take(piece, &changes) }
        return changes
    }

    /// The answer is complete, or cut off where it may be.
    mutating func end(isCut: Bool) -> [OutputChange] {
        var changes: [OutputChange] = []
        for (_, call) in calls.sorted(by: { $0.key < $1.key }) {
            if case .nameless(let id, let arguments) = call { show(id, "", arguments, &changes) }
        }
        if items.isEmpty {
            // An answer without a word is still a message.
            add(OutputItem(kind: .message, id: nextID(.message)), &changes)
            items[0].parts.append(OutputItem.Part(kind: .text))
            open = 0
            changes.append(.partAdded(0, part: 0))
        }
        let last = items.indices.last { items[$0].status == .inProgress }
        for index in items.indices where items[index].status == .inProgress {
            close(index, as: isCut && index == last ? .incomplete : .completed, &changes)
        }
        open = nil
        return changes
    }

    /// It ends in the middle; nobody is told of items.
    mutating func breakOff() {
        for index in items.indices where items[index].status == .inProgress { items[index].status = .incomplete }
    }

    private mutating func append(
        _ text: JSONText,
        _ part: OutputItem.Part.Kind,
        to kind: OutputItem.Kind,
        _ changes: inout [OutputChange]
    ) {
        if let index = open, items[index].kind != kind { close(index, as: .completed, &changes) }
        let index = open ?? items.count
        if open == nil {
            add(OutputItem(kind: kind, id: nextID(kind)), &changes)
            open = index
        }
        if items[index].parts.last?.kind != part {
            if !items[index].parts.isEmpty { changes.append(.partDone(index, part: items[index].parts.count - 1)) }
            items[index].parts.append(OutputItem.Part(kind: part))
            changes.append(.partAdded(index, part: items[index].parts.count - 1))
        }
        let place = items[index].parts.count - 1
        items[index].parts[place].text.append(text)
        bytes += text.count
        changes.append(.textGrew(index, part: place, text))
    }

    private mutating func take(_ piece: ToolCallDelta, _ changes: inout [OutputChange]) {
        bytes += piece.arguments.count
        switch calls[piece.index] {
        case nil:
            if let name = piece.name, !name.isEmpty {
                calls[piece.index] = .shown(show(piece.id ?? "", name, piece.arguments, &changes))
            } else {
                bytes += Self.itemCost
                calls[piece.index] = .nameless(id: piece.id ?? "", piece.arguments)
            }
        case .nameless(let id, var arguments):
            // Taken out, so that it grows in its place: thousands of pieces may come before a name.
            calls[piece.index] = nil
            arguments.append(piece.arguments)
            if let name = piece.name, !name.isEmpty {
                calls[piece.index] = .shown(show(id, name, arguments, &changes))
            } else {
                calls[piece.index] = .nameless(id: id, arguments)
            }
        case .shown(let index): grow(index, piece.arguments, &changes)
        }
    }

    @discardableResult
    private mutating func show(
        _ id: String,
        _ name: String,
        _ arguments: JSONText,
        _ changes: inout [OutputChange]
    ) -> Int {
        if let open { close(open, as: .completed, &changes) }
        var item = OutputItem(kind: .functionCall, id: nextID(.functionCall))
        // Clients find no call without an id.
        item.callID = id.isEmpty ? AnswerIdentity.makeID(prefix: "call_") : id
        item.name = name
        let index = items.count
        add(item, &changes)
        grow(index, arguments, &changes)
        return index
    }

    private mutating func grow(_ index: Int, _ arguments: JSONText, _ changes: inout [OutputChange]) {
        guard !arguments.isEmpty else { return }
        items[index].arguments.append(arguments)
        changes.append(.argumentsGrew(index, arguments))
    }

    private mutating func add(_ item: OutputItem, _ changes: inout [OutputChange]) {
        bytes += Self.itemCost
        changes.append(.itemAdded(items.count))
        items.append(item)
    }

    private mutating func close(_ index: Int, as status: OutputItem.Status, _ changes: inout [OutputChange]) {
        items[index].status = status
        if items[index].kind == .functionCall {
            changes.append(.partDone(index, part: 0))
        } else if !items[index].parts.isEmpty {
            changes.append(.partDone(index, part: items[index].parts.count - 1))
        }
        changes.append(.itemDone(index))
        if open == index { open = nil }
    }

    private func nextID(_ kind: OutputItem.Kind) -> String {
        ResponseID.item(kind.prefix, token: token, index: items.count)
    }
}
