// A tool as a value: what it is called, what it takes, what it needs, and how it runs.

package import Identity
package import JSON

/// What a tool may do to the world.
package enum ToolEffect: String, Sendable {
    case read
    case write
}

/// The bounds of one call, enforced by the gateway whatever the tool returns.
package struct ToolBudget: Sendable {
    /// Rows when the caller names no number.
    package var rows: Int
    /// Rows at the most.
    package var maximumRows: Int
    /// Bytes of the result's JSON.
    package var bytes: Int
    /// Time for one call.
    package var time: Duration

    package init(rows: Int = 20, maximumRows: Int = 100, bytes: Int = 24_000, time: Duration = .seconds(30)) {
        self.rows = rows
        self.maximumRows = maximumRows
        self.bytes = bytes
        self.time = time
    }
}

/// What a call knows of the world around it.
package struct ToolCallContext: Sendable {
    /// With whose rights the tool runs: the person's, never the bot's.
    package let caller: Caller
    /// Epoch milliseconds, UTC.
    package let now: Int64
    /// Rows allowed for this call (the bot's bound may be smaller than the tool's).
    package let rows: Int
    /// Bytes allowed for this call's result.
    package let bytes: Int

    package init(caller: Caller, now: Int64, rows: Int = 20, bytes: Int = 24_000) {
        self.caller = caller
        self.now = now
        self.rows = rows
        self.bytes = bytes
    }
}

/// A tool. Modules publish them, bots grant them; chat, skills, MCP and signed services draw on one registry.
package struct Tool: Sendable {
    /// `noun_verb`, e.g. `alerts_list`.
    package let name: String
    /// One sentence for the model.
    package let summary: String
    /// JSON Schema (2020-12 subset, see `ArgumentCheck`) of the arguments: type object, additionalProperties false.
    package let parameters: JSONValue
    /// The tool in the form that models are told of, `{"type":"function","function":{…}}`: written once, sent with each
    /// round.
    package let definition: [UInt8]
    package let effect: ToolEffect
    package let permission: Permission
    package let budget: ToolBudget
    /// What a call with these arguments would do, in one sentence for the person who approves it: `Acknowledge alert 17
    /// "DiskFull" on db-1.` Changes nothing, and never fails: what cannot be looked up is named by its number. Texts
    /// from outside are made harmless.
    package let describe: @Sendable (JSONObject, ToolCallContext) async -> String
    /// Runs it with arguments that have passed the schema. Throwing is a failed call, told to the model in general
    /// words; a failure that the model can mend is a `ToolResult.error`.
    package let run: @Sendable (JSONObject, ToolCallContext) async throws -> ToolResult

    package init(
        name: String,
        summary: String,
        parameters: JSONValue,
        effect: ToolEffect = .read,
        permission: Permission,
        budget: ToolBudget = ToolBudget(),
        describe: (@Sendable (JSONObject, ToolCallContext) async -> String)? = nil,
        run: @escaping @Sendable (JSONObject, ToolCallContext) async throws -> ToolResult
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        let function: JSONValue = ["name": .string(name), "description": .string(summary), "parameters": parameters]
        definition = JSONValue.object(["type": "function", "function": function]).bytes
        self.effect = effect
        self.permission = permission
        self.budget = budget
        self.describe = describe ?? { arguments, _ in Self.plainDescription(name, arguments) }
        self.run = run
    }

    /// For tools that have no words of their own: `incident_create: title "x", alerts [1,2].`
    static func plainDescription(_ name: String, _ arguments: JSONObject) -> String {
        let given = arguments.filter { $0.value != .null }
        guard !given.isEmpty else { return "\(name), without arguments." }
        let words = given.map { "\($0.key) \($0.value.text)" }.joined(separator: ", ")
        // JSON text has no control characters; a long one says what matters in its beginning.
        return "\(name): \(words.count > 500 ? "\(words.prefix(500))…" : words)."
    }
}
