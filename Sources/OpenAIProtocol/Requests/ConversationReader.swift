// Checks the messages of a request and smooths what clients send but upstreams refuse.

import JSON

/// Reads `messages`. The bytes stay as they came but for these edits, each for a client that really sends it:
/// `developer` becomes `system` (the two are the same to every upstream, and most know only the older word),
/// `content: []` and a `content` of null or none without tool calls become `""` (Lobe Chat's assistant turns).
struct ConversationReader {
    private(set) var bytes: [UInt8] = []
    private(set) var assistantCalls: [ChatRequest.AssistantCalls] = []
    private(set) var lastUser: Range<Int>?
    private(set) var isUsersTurn = false

    private static let roles = ["system", "developer", "user", "assistant", "tool", "function"]

    init(document: JSONDocument, messages: JSONView) throws(OpenAIError) {
        var edits: [(range: Range<Int>, replacement: [UInt8])] = []
        var count = 0
        var first: Int?
        var last = 0
        // By how many bytes the edits so far have moved what follows.
        var growth = 0
        for message in messages.elements {
            let path = "messages[\(count)]"
            count += 1
            guard message.kind == .object else {
                throw .invalid("Invalid type for '\(path)': expected an object.", param: path, code: "invalid_type")
            }
            let start = message.range.lowerBound
            let origin = first ?? start
            first = origin
            last = message.range.upperBound
            let before = growth
            var ids: [String] = []
            for edit in try Self.check(message, path, &ids) {
                growth += edit.replacement.count - edit.range.count
                let moved = (edit.range.lowerBound - origin)..<(edit.range.upperBound - origin)
                edits.append((moved, edit.replacement))
            }
            let range = (start - origin + before)..<(last - origin + growth)
            let role = message["role"]
            if role?.stringEquals("user") == true {
                (lastUser, isUsersTurn) = (range, true)
            } else if role?.stringEquals("system") != true, role?.stringEquals("developer") != true {
                isUsersTurn = false
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

    private static func check(
        _ message: JSONView,
        _ path: String,
        _ ids: inout [String]
    ) throws(OpenAIError) -> [(range: Range<Int>, replacement: [UInt8])] {
        guard let role = message["role"] else {
            throw .invalid("Missing required parameter: '\(path).role'.", param: "\(path).role")
        }
        guard role.kind == .string, let roleName = role.string, roles.contains(roleName) else {
            throw .invalid(
                "Invalid value for '\(path).role': supported are \(roles.map { "'\($0)'" }.joined(separator: ", ")).",
                param: "\(path).role"
            )
        }
        var pending: [(range: Range<Int>, replacement: [UInt8])] = []
        if roleName == "developer" { pending.append((role.range, Array("\"system\"".utf8))) }
        let toolCalls = message["tool_calls"]
        let hasCalls = toolCalls.map { $0.kind == .array && $0.count > 0 } ?? false
        if roleName == "assistant", let toolCalls, !toolCalls.isNull {
            ids = try checkCalls(toolCalls, "\(path).tool_calls")
        }
        if roleName == "tool" {
            guard let id = message["tool_call_id"], id.kind == .string else {
                throw .invalid("Missing required parameter: '\(path).tool_call_id'.", param: "\(path).tool_call_id")
            }
        }
        if let edit = try checkContent(message, path, roleName, hasCalls) { pending.append(edit) }
        pending.sort { $0.range.lowerBound < $1.range.lowerBound }
        return pending
    }

    private static func checkContent(
        _ message: JSONView,
        _ path: String,
        _ role: String,
        _ hasCalls: Bool
    ) throws(OpenAIError) -> (range: Range<Int>, replacement: [UInt8])? {
        let empty = Array("\"\"".utf8)
        guard let content = message["content"] else {
            if hasCalls || message["refusal"] != nil || message["function_call"] != nil { return nil }
            guard role == "assistant" else {
                throw .invalid("Missing required parameter: '\(path).content'.", param: "\(path).content")
            }
            let start = message.range.lowerBound + 1
            return (start..<start, Array("\"content\":\"\",".utf8))
        }
        switch content.kind {
        case .string: return nil
        case .null: return role == "assistant" && hasCalls ? nil : (content.range, empty)
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
