// A tool that writes, a bot that is granted it, and the words of a person who approves.

import Identity
import JSON
import Logging
import OpenAIProtocol
import Providers
import Storage
import Synchronization
import Testing
import Tools

@testable import Conversation

/// A tool that changes something, and remembers what.
final class Switch: Sendable {
    private struct State {
        var runs: [JSONObject] = []
        var callers: [String] = []
        var result = ToolResult(data: ["results": [["id": 17, "ok": true]]])
    }

    private let state = Mutex(State())
    /// Called before it answers.
    private let during: @Sendable () async throws -> Void

    init(during: @escaping @Sendable () async throws -> Void = {}) {
        self.during = during
    }

    var runs: [JSONObject] { state.withLock { $0.runs } }
    var callers: [String] { state.withLock { $0.callers } }

    func answers(_ result: ToolResult) { state.withLock { $0.result = result } }

    func tool(_ name: String = "alert_close", describe sentence: String? = nil) -> Tool {
        Tool(
            name: name,
            summary: "Closes alerts.",
            parameters: [
                "type": "object",
                "properties": ["id": ["type": "integer"], "reason": ["type": "string"]],
                "required": ["id"],
                "additionalProperties": false,
            ],
            effect: .write,
            permission: .alertsManage,
            budget: .patient,
            describe: { arguments, _ in sentence ?? "Close alert \(arguments["id"]?.text ?? "?")" },
            run: { arguments, context in
                try await self.during()
                return self.state.withLock { state in
                    state.runs.append(arguments)
                    state.callers.append(context.caller.username)
                    return state.result
                }
            }
        )
    }
}

/// A clock that the test moves.
final class TestClock: Sendable {
    private let time = Atomic<Int64>(1_761_040_800_000)

    func pass(minutes: Int64) { time.add(minutes * 60_000, ordering: .relaxed) }
    var clock: WallClock { WallClock { self.time.load(ordering: .relaxed) } }
}

extension Stage {
    /// Another person with all rights.
    static let other = Caller(
        userID: 8,
        username: "bob",
        role: .administrator,
        teams: [3],
        credential: CredentialReference(kind: .token, name: "t")
    )

    /// What the bot answers to a message.
    func say(
        _ text: String,
        to bot: Bot,
        _ tools: [Tool],
        caller: Caller = Stage.caller
    ) async throws -> String {
        let listener = Listener()
        let message = JSONValue.object(["role": "user", "content": .string(text)]).text
        let (end, _) = await run(try plan(messages: message, bot: bot, tools: tools, caller: caller), listener)
        #expect(end.label == "finished")
        #expect(listener.finishes == [.stop])
        return listener.text
    }

    /// All approvals, as they stand.
    func approvals() async throws -> [SQLRow] {
        try await database.read { try $0.query("SELECT * FROM approval ORDER BY id", []) }
    }

    func states() async throws -> [String] { try await approvals().map { try $0.text("state") } }

    /// `tool.call` entries: `tool status`.
    func audit() async throws -> [String] {
        try await database.read { connection in
            try connection.query("SELECT * FROM audit_log WHERE action = 'tool.call' ORDER BY id", []).map { row in
                let after = try JSONValue(parsing: try row.text("after_json"))
                return "\(try row.text("object_id")) \(after["status"]?.string ?? "")"
            }
        }
    }
}

/// The code that an answer tells.
func code(in answer: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let start = try #require(answer.firstRange(of: "`confirm "), "\(answer)", sourceLocation: sourceLocation)
    return String(answer[start.upperBound...].prefix { $0 != "`" })
}

/// A code that is none of these.
func otherCode(than codes: String...) -> String {
    while true {
        let code = ApprovalCode.make()
        if !codes.contains(code) { return code }
    }
}

/// Keeps log lines.
struct LineKeeper: LogHandler {
    final class Lines: Sendable {
        private let kept = Mutex<[String]>([])
        func add(_ line: String) { kept.withLock { $0.append(line) } }
        var all: [String] { kept.withLock { $0 } }
    }

    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let words = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        lines.add("\(event.message) \(words.joined(separator: " "))")
    }
}
