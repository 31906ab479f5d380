// What a tool call gave, read from the text of its tool message.

import JSON

/// The result of one call, in the members that every tool of the gateway uses (`ToolResult` in the room `Tools`).
struct ToolOutcome: Sendable {
    enum Status: String, Sendable {
        case ok
        case noData = "no_data"
        case error
        case approvalRequired = "approval_required"
        /// No tool message, or none that is JSON of the expected form.
        case unreadable
    }

    let call: MadeCall
    let status: Status
    let data: JSONValue
    /// Exact number of matches, where the tool gave one.
    let total: Int?
    let truncated: Bool
    let cursor: String?
    let link: String?
    let hint: String?
    let message: String?

    /// - Parameter content: the tool message's text; nil when the conversation lacks one.
    init(call: MadeCall, content: String?) {
        self.call = call
        let object = content.flatMap(Self.object)
        let named = object?["status"]?.string.flatMap(Status.init(rawValue:))
        data = object?["data"] ?? .null
        total = (object?["total"]?.int).flatMap { $0 < 0 ? nil : $0 }
        truncated = object?["truncated"]?.bool ?? false
        cursor = object?["cursor"]?.string ?? object?["next_cursor"]?.string
        link = object?["link"]?.string
        hint = object?["hint"]?.string
        if let object {
            message = object["message"]?.string ?? object["error"]?.string ?? object["error"]?["message"]?.string
            if let named {
                status = named
            } else {
                status = message != nil && data.isNull ? .error : .unreadable
            }
        } else {
            message = content
            status = .unreadable
        }
    }

    /// Rows of a list; one object counts as one row.
    var rows: [JSONValue] {
        switch data {
        case .array(let rows): rows
        case .object: [data]
        default: []
        }
    }

    /// The text may stand between delimiters that mark it as data, so the outermost braces count.
    private static func object(_ text: String) -> JSONObject? {
        if let object = (try? JSONValue(parsing: text))?.object { return object }
        guard let start = text.firstIndex(of: "{"), let end = text.lastIndex(of: "}"), start < end else { return nil }
        return (try? JSONValue(parsing: String(text[start...end])))?.object
    }
}
