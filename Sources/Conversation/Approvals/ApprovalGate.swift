// Stands between a turn's calls and the tools that write, and remembers what waits for the person.

import Identity
import JSON
import OpenAIProtocol
import Synchronization
import Tools

/// One turn's gate. Whatever the model makes of it, nothing that writes gets past without an approval, unless the bot's
/// file says so.
final class ApprovalGate: Sendable {
    private let plan: TurnPlan
    private let approvals: Approvals
    private let asked = Mutex<[Approval]>([])

    init(_ plan: TurnPlan, _ approvals: Approvals) {
        self.plan = plan
        self.approvals = approvals
    }

    /// What waits for the person, oldest first, each once.
    var waiting: [Approval] { asked.withLock { $0.sorted { $0.id < $1.id } } }

    /// What runs in the tool's place; nil when the tool itself may.
    func guardian(
        of tool: Tool,
        _ arguments: JSONObject
    ) -> (@Sendable (ToolCallContext) async throws -> ToolResult)? {
        guard tool.effect == .write, !plan.withoutApproval.contains(tool.name) else { return nil }
        return { context in try await self.ask(tool, arguments, context) }
    }

    private func ask(_ tool: Tool, _ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        guard let approval = try await approvals.ask(tool, arguments, for: plan, context) else {
            return .error(
                "Nothing was done: the arguments are too long for a person to check, or too many calls wait already.",
                hint: "Tell the person to confirm or cancel what waits."
            )
        }
        asked.withLock { asked in
            if !asked.contains(where: { $0.id == approval.id }) { asked.append(approval) }
        }
        return ToolResult(
            status: .approvalRequired,
            data: [
                "code": .string(approval.code), "would": .string(approval.summary),
                "expires_at": approval.json["expires_at"] ?? .null,
            ],
            hint: "Say in a sentence what would be done. The gateway adds the code to your answer; only the person's "
                + "own message can confirm.",
            message: "Nothing was done. A person must approve this call first."
        )
    }

    // MARK: Rounds that the client takes part in

    /// Remembers what waits until the client comes back with its tools' results.
    func hold(under callID: String) async throws {
        let waiting = waiting
        if !waiting.isEmpty { try await approvals.store.hold(waiting, under: callID) }
    }

    /// Takes up what waited when the turn was handed to the client.
    func resume() async throws {
        guard !plan.isUsersTurn, let botID = plan.botID, let id = plan.assistantCalls.last?.ids.first else { return }
        let held = try await approvals.store.held(
            under: id,
            userID: plan.caller.userID,
            bot: botID,
            now: approvals.clock.now()
        )
        asked.withLock { $0 += held }
    }

    // MARK: The journal

    /// Notes a call that the tool loop refused.
    func journal(refused call: ToolCall, bytes: Int) async {
        var record = ToolCallRecord(
            plan,
            tool: call.name,
            isWrite: approvals.writes(call.name),
            arguments: call.arguments.decoded
        )
        record.status = "refused"
        record.bytes = bytes
        await approvals.journal.write(record, at: approvals.clock.now())
    }

    /// Notes a call that ran, or was let wait (which is in the audit log already, with its approval).
    func journal(_ job: ToolRunner.Job, _ outcome: ToolRunner.Outcome) async {
        var record = ToolCallRecord(
            plan,
            tool: job.tool.name,
            isWrite: job.tool.effect == .write,
            arguments: job.arguments.canonicalText
        )
        record.take(outcome)
        if outcome.status == .approvalRequired {
            approvals.journal.log(record)
        } else {
            await approvals.journal.write(record, at: approvals.clock.now())
        }
    }
}
