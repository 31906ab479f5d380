// Checks the messages of a request and smooths what clients send but upstreams refuse.

import JSON

/// Reads `messages`. The bytes stay as they came but for these edits, each for a client that really sends it:
/// `developer` becomes `system` (the two are the same to every upstream, and most know only the older word),
/// `content: []` and a `content` of null or none without tool calls become `""` (Lobe Chat's assistant turns).
struct ConversationReader {
    private(set) var bytes: [UInt8] = []
    private(set) var assistantCalls: [ChatRequest.AssistantCalls] = []
    private(set) var lastUser: Range<Int>?
    private(set) var leadingSystem: Range<Int>?
    private(set) var isUsersTurn = false

    private typealias Edit = (range: Range<Int>, replacement: [UInt8])

    private enum Role: String, CaseIterable {
        case system, developer, user, assistant, tool, function
    }

    /// Where a message stands; written out only when something is wrong with it.
    private struct Place: CustomStringConvertible {
        let index: Int

        var description: String { "messages[\(index)]" }
    }

    init(document: JSONDocument, messages: JSONView) throws(OpenAIError) {
        var edits: [Edit] = []
        var pending: [Edit] = []
        var count = 0
        var first: Int?
        var last = 0
        // By how many bytes the edits so far have moved what follows.
        var growth = 0
        for message in messages.elements {
            let path = Place(index: count)
            count += 1
            guard message.kind == .object else {
                throw .invalid(
                    "Invalid type for '\(path)': expected an object.",
                    param: "\(path)",
                    code: "invalid_type"
                )
            }
            let start = message.range.lowerBound
            let origin = first ?? start
            first = origin
            last = message.range.upperBound
            let before = growth
            var ids: [String] = []
            let role = try Self.check(message, path, &ids, &pending)
            for edit in pending {
                growth += edit.replacement.count - edit.range.count
                let moved = (edit.range.lowerBound - origin)..<(edit.range.upperBound - origin)
                edits.append((moved, edit.replacement))
            }
            pending.removeAll(keepingCapacity: true)
            let range = (start - origin + before)..<(last - origin + growth)
            switch role {
            case .user: (lastUser, isUsersTurn) = (range, true)
            case .system, .developer: if count == 1 { leadingSystem = range }
            case .assistant, .tool, .function: isUsersTurn = false
            }
            if !ids.isEmpty {
                assistantCalls.append(ChatRequest.AssistantCalls(ids: ids, range: range))
            }
        }
        guard let first else {
            throw .invalid("Invalid 'messages': empty array. Expected at least one message.", param: "messages")
        }
        bytes = Array(document.bytes[first..<last])
        if !edits.isEmpty { bytes = splice(bytes, edits) }
    }

    /// Checks a message and says whose it is.
    ///
    /// - Parameters:
    ///   - ids: takes the ids of its tool calls.
    ///   - edits: takes what is to be changed, in order.
    private static func check(
        _ message: JSONView,
        _ path: Place,
        _ ids: inout [String],
        _ edits: inout [Edit]
    ) throws(OpenAIError) -> Role {
        guard let view = message["role"] else {
            throw .invalid("Missing required parameter: '\(path).role'.", param: "\(path).role")
        }
        guard let role = view.string.flatMap(Role.init) else {
            throw .invalid(
                "Invalid value for '\(path).role': supported are "
                    + "\(Role.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")).",
                param: "\(path).role"
            )
        }
        if role == .developer { edits.append((view.range, Array("\"system\"".utf8))) }
        let toolCalls = message["tool_calls"]
        let hasCalls = toolCalls.map { $0.kind == .array && $0.count > 0 } ?? false
        if role == .assistant, let toolCalls, !toolCalls.isNull {
            ids = try checkCalls(toolCalls, "\(path).tool_calls")
        }
        if role == .tool {
            guard let id = message["tool_call_id"], id.kind == .string else {
                throw .invalid("Missing required parameter: '\(path).tool_call_id'.", param: "\(path).tool_call_id")
            }
        }
        if let edit = try checkContent(message, path, role, hasCalls) { edits.append(edit) }
        if edits.count > 1 { edits.sort { $0.range.lowerBound < $1.range.lowerBound } }
        return role
    }

    private static let empty = Array("\"\"".utf8)

    private static func checkContent(
        _ message: JSONView,
        _ path: Place,
        _ role: Role,
        _ hasCalls: Bool
    ) throws(OpenAIError) -> Edit? {
        guard let content = message["content"] else {
            if hasCalls || message["refusal"] != nil || message["function_call"] != nil { return nil }
            guard role == .assistant else {
                throw .invalid("Missing required parameter: '\(path).content'.", param: "\(path).content")
            }
            let start = message.range.lowerBound + 1
            return (start..<start, Array("\"content\":\"\",".utf8))
        }
        switch content.kind {
        case .string: return nil
        case .null: return role == .assistant && hasCalls ? nil : (content.range, empty)
        case .array:
            if content.count == 0 { return (content.range, hasCalls ? Array("null".utf8) : empty) }
            for (index, part) in content.elements.enumerated() {
                let partPath = "\(path).content[\(index)]"
                guard part.kind == .object, let type = part["type"], type.kind == .string else {
                    throw .invalid("Missing required parameter: '\(partPath).type'.", param: "\(partPath).type")
                }
                if type.stringEquals("text"), part["text"]?.kind != .string {
                    throw .invalid("Invalid type for '\(partPath).text': expected a string.", param: "\(partPath).text")
                }
                if type.stringEquals("image_url"), part["image_url"]?["url"]?.kind != .string {
                    throw .invalid(
                        "Missing required parameter: '\(partPath).image_url.url'.",
                        param: "\(partPath).image_url.url"
                    )
                }
            }
            return nil
        default:
            throw .invalid(
                "Invalid type for '\(path).content': expected a string or an array, but got \(content.kind.phrase) instead.",
                param: "\(path).content",
                code: "invalid_type"
            )
        }
    }

    private static func checkCalls(_ calls: JSONView, _ path: String) throws(OpenAIError) -> [String] {
        guard calls.kind == .array else {
            throw .invalid("Invalid type for '\(path)': expected an array.", param: path, code: "invalid_type")
        }
        var ids: [String] = []
        for (index, call) in calls.elements.enumerated() {
            guard let id = call["id"]?.string else {
                throw .invalid("Missing required parameter: '\(path)[\(index)].id'.", param: "\(path)[\(index)].id")
            }
            guard call["function"]?["name"]?.kind == .string else {
                throw .invalid(
                    "Missing required parameter: '\(path)[\(index)].function.name'.",
                    param: "\(path)[\(index)].function.name"
                )
            }
            guard call["function"]?["arguments"]?.kind == .string else {
                throw .invalid(
                    "Invalid type for '\(path)[\(index)].function.arguments': expected a string.",
                    param: "\(path)[\(index)].function.arguments",
                    code: "invalid_type"
                )
            }
            ids.append(id)
        }
        return ids
    }
}
