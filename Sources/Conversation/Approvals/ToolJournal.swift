// What is kept of tool calls: a log line of each, an audit entry of each that writes or wanted to.

import Identity
import JSON
import Logging
import OpenAIProtocol
import Providers
import Storage
import Tools

/// One call for the books. Arguments only as a hash: they hold what people and systems wrote.
struct ToolCallRecord: Sendable {
    let caller: Caller
    let requestID: String
    let bot: String
    let skill: String?
    let tool: String
    let isWrite: Bool
    /// SHA-256 of the canonical arguments, hexadecimal.
    let argumentsHash: String
    /// The result's status, `refused`, `rejected` (by the person), or `unknown`.
    var status = ""
    /// Of the result.
    var bytes = 0
    var duration = Duration.zero
    /// The approval's row.
    var approval: Int64?

    init(_ plan: TurnPlan, tool: String, isWrite: Bool, arguments: String) {
        caller = plan.caller
        requestID = plan.requestID
        bot = plan.botID ?? ""
        skill = plan.skill
        self.tool = OutsideText.identifier(tool)
        self.isWrite = isWrite
        argumentsHash = CredentialHash(of: arguments).hexadecimal
    }

    /// The call of an approval, made by whoever decides it.
    init(_ approval: Approval, _ caller: Caller, requestID: String) {
        self.caller = caller
        self.requestID = requestID
        bot = approval.bot
        skill = approval.skill
        tool = approval.tool
        isWrite = true
        argumentsHash = CredentialHash(of: approval.arguments.canonicalText).hexadecimal
        self.approval = approval.id
    }

    mutating func take(_ outcome: ToolRunner.Outcome) {
        status = outcome.isKnown ? outcome.status.rawValue : "unknown"
        bytes = outcome.json.count
        duration = outcome.duration
    }

    func with(approval: Int64) -> ToolCallRecord {
        var record = self
        record.approval = approval
        return record
    }
}

/// Writes records.
struct ToolJournal: Sendable {
    let database: any Database
    let audit: any AuditSink
    let logger: Logger

    /// The log line.
    func log(_ record: ToolCallRecord) {
        var metadata: Logger.Metadata = [
            "request_id": "\(record.requestID)", "caller": "\(record.caller.username)", "bot": "\(record.bot)",
            "tool": "\(record.tool)", "arguments": "\(record.argumentsHash.prefix(16))", "status": "\(record.status)",
            "bytes": "\(record.bytes)", "ms": "\(record.duration.milliseconds)",
        ]
        if let approval = record.approval { metadata["approval"] = "\(approval)" }
        logger.info("tool called", metadata: metadata)
    }

    /// The audit entry (`ops.md` section 9, "Tools safe").
    func audit(_ record: ToolCallRecord, at now: Int64, _ connection: any SQLConnection) throws {
        try audit.record(
            AuditEntry(
                by: record.caller,
                action: "tool.call",
                objectType: "tool",
                objectID: record.tool,
                after: [
                    "bot": .string(record.bot), "skill": record.skill.map(JSONValue.string) ?? .null,
                    "arguments_sha256": .string(record.argumentsHash), "status": .string(record.status),
                    "bytes": .integer(record.bytes), "approval": record.approval.map { .integer($0) } ?? .null,
                ],
                at: now,
                requestID: record.requestID
            ),
            on: connection
        )
    }

    /// Both, as far as the record calls for them. A store that fails is told to the log; the call has been made.
    func write(_ record: ToolCallRecord, at now: Int64) async {
        log(record)
        guard record.isWrite else { return }
        // Unstructured: a turn that is cancelled has done what it has done.
        await Task {
            do {
                try await database.write { try audit(record, at: now, $0) }
            } catch {
                logger.error(
                    "audit entry not written",
                    metadata: ["request_id": "\(record.requestID)", "tool": "\(record.tool)", "reason": "\(error)"]
                )
            }
        }.value
    }
}
