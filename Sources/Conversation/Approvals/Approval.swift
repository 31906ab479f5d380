// One call that waits for a person, or has been decided: a row of the table `approval`.

package import JSON
import Resources
import Storage

/// A call of a write tool that was asked for and not run. It is bound to a user, a bot, a tool and exact arguments.
package struct Approval: Sendable {
    /// Where it stands. `pending` becomes `running` once and for one caller, then `done` or `failed`.
    package enum State: String, Sendable {
        case pending, running, done, failed, expired, refused
    }

    /// Characters of a summary: a person must see all that he approves, twenty alerts with their titles included.
    static let summaryLimit = 4_000

    /// For the audit log, which must not hold codes that still work.
    package let id: Int64
    /// Six characters, see ``ApprovalCode``.
    package let code: String
    package let userID: Int64
    package let team: Int64
    /// The bot's id.
    package let bot: String
    /// The skill's id, when a skill asked.
    package let skill: String?
    package let tool: String
    package let arguments: JSONObject
    /// What would be done, in the tool's words: one line, outside text in it stripped of control characters.
    package let summary: String
    package let language: ApprovalLanguage
    package var state: State
    /// Epoch milliseconds, UTC, as the other times.
    package let createdAt: Int64
    package let expiresAt: Int64
    package let decidedAt: Int64?
    /// The request that asked for it.
    package let requestID: String

    init(_ row: SQLRow) throws {
        id = try row.int("id")
        code = try row.text("code")
        userID = try row.int("user_id")
        team = try row.int("team")
        bot = try row.text("bot_id")
        skill = try row.optionalText("skill_id")
        tool = try row.text("tool")
        arguments = (try? JSONValue(parsing: try row.text("arguments")))?.object ?? [:]
        summary = try row.text("summary")
        language = ApprovalLanguage(rawValue: try row.text("language")) ?? .english
        state = State(rawValue: try row.text("state")) ?? .failed
        createdAt = try row.int("created_at")
        expiresAt = try row.int("expires_at")
        decidedAt = try row.optionalInt("decided_at")
        requestID = try row.text("request_id")
    }

    /// For the routes: everything but whose it is.
    package var json: JSONObject {
        [
            "code": .string(code), "state": .string(state.rawValue), "bot_id": .string(bot),
            "skill_id": skill.map(JSONValue.string) ?? .null, "tool": .string(tool), "arguments": .object(arguments),
            "summary": .string(summary), "created_at": Timestamp(milliseconds: createdAt).json,
            "expires_at": Timestamp(milliseconds: expiresAt).json,
            "decided_at": decidedAt.map { Timestamp(milliseconds: $0).json } ?? .null,
        ]
    }
}

/// What a person decides.
package enum ApprovalDecision: String, Sendable {
    case approve
    case reject
}

/// In which language a person is answered.
package enum ApprovalLanguage: String, Sendable {
    case english = "en"
    case chinese = "zh"

    /// The language of a question: Chinese when it has at least as many Chinese characters as Latin words, since names
    /// of tools and hosts are Latin in both.
    package init(of text: String) {
        var han = 0
        var latin = 0
        var isInWord = false
        for scalar in text.unicodeScalars.prefix(2_000) {
            let isHan = (0x3400...0x9FFF).contains(scalar.value) || (0x20000...0x323AF).contains(scalar.value)
            let isLetter = !isHan && scalar.properties.isAlphabetic
            if isHan { han += 1 }
            if isLetter, !isInWord { latin += 1 }
            isInWord = isLetter
        }
        self = han > 0 && han >= latin ? .chinese : .english
    }
}
