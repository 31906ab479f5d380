// A turn that decides an approval, without any model; and the reminder at the end of one that asked for some.

import Identity
import JSON
import OpenAIProtocol
import Providers
import Tools

extension Turn {
    /// Who answers when no model does.
    private static let target = RouteTarget(provider: "opsgate", model: "approvals")

    /// Answers `confirm CODE` and `cancel CODE`.
    @inline(never)
    func decide(_ command: ApprovalCommand, _ sink: any TurnSink, _ tally: TurnTally) async throws {
        let start = ContinuousClock.now
        let span = OpenSpan(plan.trace.recorder)
        // First of all: whoever is gone by now has confirmed nothing, and whoever waits gets his heartbeats.
        try await sink.send([.began(Self.target, attempts: 0)])
        let verdict = try await environment.approvals.decide(
            command.code,
            command.decision,
            by: plan.caller,
            bot: plan.botID,
            requestID: plan.requestID
        )
        tally.firstToken = .now
        var events: [TurnEvent] = []
        if case .ran(let approval, let result, _) = verdict {
            tally.tools = [approval.tool]
            let callID = "approval-\(approval.id)"
            ToolRunner.Outcome.end(span, tool: approval.tool, callID: callID, result.status)
            events.append(
                .step(
                    ToolStep(
                        callID: callID,
                        name: approval.tool,
                        arguments: JSONValue.object(approval.arguments).text,
                        phase: .ended(result.status, extent: "", ContinuousClock.now - start)
                    )
                )
            )
        }
        let text = ApprovalWords.answer(verdict, to: command)
        events.append(.delta(ModelDelta(content: JSONText(escaping: text))))
        events.append(.finish(choice: 0, .stop))
        // It has been done for whoever hung up meanwhile, but nobody has been answered.
        try Task.checkCancellation()
        try await sink.send(events)
    }

    /// Ends an answer with what waits for the person's approval, whatever the model has said of it.
    func remind(_ gate: ApprovalGate, behindText: Bool, _ sink: any TurnSink) async throws {
        let waiting = gate.waiting
        guard !waiting.isEmpty else { return }
        let notice = ApprovalWords.notice(waiting, plan.language, now: environment.approvals.clock.now())
        let text = behindText ? "\n\n---\n\n\(notice)" : notice
        try await sink.send([.delta(ModelDelta(content: JSONText(escaping: text)))])
    }
}
