// Approvals as a service: calls are kept until a person decides, and run once with that person's rights.

package import Identity
import JSON
package import Logging
import OpenAIProtocol
import Providers
package import Storage
package import Tools

/// Why a call may not run although its code is good; the approval waits on, should that change in time.
package enum ApprovalBar: Sendable {
    /// The caller's role lacks this permission now.
    case permission(String)
    /// The bot or its skill is gone, or no longer grants the tool.
    case withdrawn
}

/// What became of a decision.
package enum ApprovalVerdict: Sendable {
    /// It ran; `isKnown` is false when it was not waited for to the end.
    case ran(Approval, ToolResult, isKnown: Bool)
    case refused(Approval)
    /// No such code, or somebody else's, or another bot's: nobody learns which.
    case unknown
    case expired(Approval)
    /// Decided before; the state says how.
    case used(Approval)
    case barred(Approval, ApprovalBar)
    /// Too many wrong codes: none is taken for so long.
    case limited(seconds: Int64)
}

/// Keeps and decides approvals. The model has no part in it: only a person's own request leads here.
package struct Approvals: Sendable {
    let store: ApprovalStore
    let journal: ToolJournal
    let clock: WallClock
    private let registry: ToolRegistry
    private let bot: @Sendable (String) -> Bot?
    private let logger: Logger

    /// Bytes of a result that are kept with its approval.
    private static let resultBytes = 8_000
    /// Bytes of arguments that may wait; nobody can check more.
    private static let argumentBytes = 32_000

    /// - Parameter bot: the bot of an id, as its file says now.
    package init(
        database: any Database,
        registry: ToolRegistry,
        bot: @escaping @Sendable (String) -> Bot?,
        audit: any AuditSink,
        logger: Logger,
        clock: WallClock = .system
    ) {
        store = ApprovalStore(database: database)
        journal = ToolJournal(database: database, audit: audit, logger: logger)
        self.registry = registry
        self.bot = bot
        self.logger = logger
        self.clock = clock
    }

    /// Whether a name is that of a tool that writes, granted or not.
    func writes(_ name: String) -> Bool { registry[name]?.effect == .write }

    /// Lets a call wait; the identical one that waits already keeps its code.
    ///
    /// - Returns: nil when the arguments are too long, or too many wait.
    func ask(_ tool: Tool, _ arguments: JSONObject, for plan: TurnPlan, _ context: ToolCallContext) async throws
        -> Approval?
    {
        let text = arguments.canonicalText
        guard text.utf8.count <= Self.argumentBytes else { return nil }
        let draft = ApprovalStore.Draft(
            userID: plan.caller.userID,
            username: plan.caller.username,
            team: plan.caller.currentTeam ?? Team.defaultID,
            bot: plan.botID ?? "",
            skill: plan.skill,
            tool: tool.name,
            arguments: text,
            summary: Self.phrase(await tool.describe(arguments, context)),
            language: plan.language,
            requestID: plan.requestID
        )
        let now = clock.now()
        let journal = journal
        var record = ToolCallRecord(plan, tool: tool.name, isWrite: true, arguments: text)
        record.status = ToolStatus.approvalRequired.rawValue
        return try await store.keep(draft, now: now) { [record] approval, connection in
            try journal.audit(record.with(approval: approval.id), at: now, connection)
        }
    }

    /// A tool's sentence as a part of ours: one line, without its full stop.
    private static func phrase(_ sentence: String) -> String {
        var text = OutsideText.bounded(sentence, Approval.summaryLimit)
        if text.hasSuffix(".") || text.hasSuffix("。") { text.removeLast() }
        return text
    }

    /// Decides a code for a caller, and runs the call when that is the decision.
    ///
    /// - Parameter bot: the id of the bot that is talked to; nil where there is none.
    /// - Throws: `DatabaseError` when the store does not answer.
    package func decide(
        _ code: String,
        _ decision: ApprovalDecision,
        by caller: Caller,
        bot: String? = nil,
        requestID: String
    ) async throws -> ApprovalVerdict {
        let now = clock.now()
        let journal = journal
        let claim = try await store.decide(
            code,
            decision,
            userID: caller.userID,
            bot: bot,
            now: now,
            check: { bar($0, caller) },
            note: { approval, connection in
                var record = ToolCallRecord(approval, caller, requestID: requestID)
                record.status = "rejected"
                try journal.audit(record, at: now, connection)
            }
        )
        switch claim {
        // Unstructured on purpose: what a person has approved runs to its end, though he may hang up meanwhile.
        case .claimed(let approval): return await Task { await run(approval, caller, requestID) }.value
        case .refused(let approval): return .refused(approval)
        case .unknown: return .unknown
        case .expired(let approval): return .expired(approval)
        case .used(let approval): return .used(approval)
        case .barred(let approval, let bar):
            var record = ToolCallRecord(approval, caller, requestID: requestID)
            record.status = "refused"
            await journal.write(record, at: now)
            return .barred(approval, bar)
        case .limited(let until): return .limited(seconds: max(1, (until - now + 999) / 1000))
        }
    }

    /// The caller's approvals that wait, oldest first.
    package func pending(
        for caller: Caller,
        limit: Int = 100,
        offset: Int = 0
    ) async throws -> (count: Int64, approvals: [Approval]) {
        try await store.pending(userID: caller.userID, now: clock.now(), limit: limit, offset: offset)
    }

    // MARK: Running

    private func bar(_ approval: Approval, _ caller: Caller) -> ApprovalBar? {
        guard let tool = registry[approval.tool], let bot = bot(approval.bot), grants(bot, approval) else {
            return .withdrawn
        }
        return caller.may(tool.permission) ? nil : .permission(tool.permission.name)
    }

    private func grants(_ bot: Bot, _ approval: Approval) -> Bool {
        guard bot.tools.contains(approval.tool) else { return false }
        guard let id = approval.skill else { return true }
        return bot.skills.first { $0.id == id }?.tools.contains(approval.tool) ?? false
    }

    private func run(_ approval: Approval, _ caller: Caller, _ requestID: String) async -> ApprovalVerdict {
        let outcome = await outcome(of: approval, caller, requestID)
        var record = ToolCallRecord(approval, caller, requestID: requestID)
        record.take(outcome)
        let now = clock.now()
        let isDone = outcome.status == .ok || outcome.status == .noData
        let result = String(decoding: outcome.result.json(limit: Self.resultBytes), as: UTF8.self)
        journal.log(record)
        do {
            try await store.settle(approval, as: isDone ? .done : .failed, result: result) { [record] connection in
                try journal.audit(record, at: now, connection)
            }
        } catch {
            // What was done is done and will be told; only the books lack it, and the code stays used.
            logger.error(
                "approval not settled",
                metadata: ["request_id": "\(requestID)", "approval": "\(approval.id)", "reason": "\(error)"]
            )
        }
        return .ran(approval, outcome.result, isKnown: outcome.isKnown)
    }

    private func outcome(of approval: Approval, _ caller: Caller, _ requestID: String) async -> ToolRunner.Outcome {
        let text = approval.arguments.canonicalText
        let call = ToolCall(id: "approval-\(approval.id)", name: approval.tool, arguments: JSONText(escaping: text))
        func failed(_ message: String) -> ToolRunner.Outcome {
            let result = ToolResult.error(message)
            return .init(call: call, result: result, json: result.json(limit: 2_000), isKnown: true, duration: .zero)
        }
        guard let tool = registry[approval.tool] else { return failed("There is no tool \(approval.tool) any more.") }
        // The tool may have been changed since it was asked for.
        if case .failure(let fault) = ArgumentCheck(schema: tool.parameters).check(text) {
            return failed(fault.message)
        }
        let runner = ToolRunner(caller: caller, now: clock.now(), logger: logger, requestID: requestID)
        let time = min(tool.budget.time, bot(approval.bot)?.limits.toolTime ?? tool.budget.time)
        return await runner.run(
            .init(call: call, tool: tool, arguments: approval.arguments, bytes: tool.budget.bytes, time: time)
        )
    }
}
