// What a tool answers: a status first, exact totals, and never more bytes than the budget.

package import JSON

/// How a call ended, from the model's point of view.
package enum ToolStatus: String, Sendable {
    case ok
    /// The question was understood and nothing matches; not a sign of health.
    case noData = "no_data"
    case error
    case approvalRequired = "approval_required"
}

/// The result of a call. `data` is text from outside as often as not: it is data, never instructions.
package struct ToolResult: Sendable {
    package var status: ToolStatus
    package var data: JSONValue
    /// Exact number of matches, whatever part is returned.
    package var total: Int?
    package var returned: Int?
    /// True when something was left out, by rows or by bytes.
    package var truncated: Bool
    /// Gives the next part when passed back.
    package var cursor: String?
    /// Where a person sees the same.
    package var link: String?
    /// What to try next.
    package var hint: String?
    /// What went wrong, for `error`.
    package var message: String?

    package init(
        status: ToolStatus = .ok,
        data: JSONValue = .null,
        total: Int? = nil,
        returned: Int? = nil,
        truncated: Bool = false,
        cursor: String? = nil,
        link: String? = nil,
        hint: String? = nil,
        message: String? = nil
    ) {
        self.status = status
        self.data = data
        self.total = total
        self.returned = returned
        self.truncated = truncated
        self.cursor = cursor
        self.link = link
        self.hint = hint
        self.message = message
    }

    /// A failure that the model can read and mend.
    package static func error(_ message: String, hint: String? = nil) -> ToolResult {
        ToolResult(status: .error, hint: hint, message: message)
    }

    /// The JSON that goes to the model, at most `limit` bytes. Rows are dropped from the end until it fits; a single
    /// value that is too large is replaced by a hint, so that the model narrows its question instead of failing. The
    /// total stays; a cursor goes with the dropped rows, since it would lead past them.
    package func json(limit: Int) -> [UInt8] {
        let whole = encoded()
        if whole.count <= limit { return whole }
        var smaller = self
        smaller.truncated = true
        smaller.cursor = nil
        smaller.hint = smaller.hint ?? "The result was cut to fit; narrow the filters or ask for fewer rows."
        if case .array(let rows) = data {
            var kept = rows.count
            while kept > 0 {
                // Shrinks by the overshoot at first, then by one, so that large results take few encodings.
                let size = smaller.encoded().count
                if size <= limit { return smaller.encoded() }
                kept = min(kept - 1, max(0, kept * limit / max(size, 1)))
                smaller.data = .array(Array(rows.prefix(kept)))
                smaller.returned = kept
            }
        } else {
            smaller.data = .null
        }
        let last = smaller.encoded()
        if last.count <= limit { return last }
        let message = "The result is too large; narrow the question."
        return ToolResult(status: .error, total: total, truncated: true, message: message).encoded()
    }

    private func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("status")
        writer.string(status.rawValue)
        if let message { writer.member("message", .string(message)) }
        if let total { writer.member("total", .number(JSONNumber(total))) }
        if let returned { writer.member("returned", .number(JSONNumber(returned))) }
        if status != .error || truncated { writer.member("truncated", .bool(truncated)) }
        if let cursor { writer.member("cursor", .string(cursor)) }
        if data != .null { writer.member("data", data) }
        if let link { writer.member("link", .string(link)) }
        if let hint { writer.member("hint", .string(hint)) }
        writer.endObject()
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ content: JSONValue) {
        key(name)
        value(content)
    }
}
