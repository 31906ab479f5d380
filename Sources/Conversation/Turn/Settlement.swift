// The one place where a turn is accounted for, whatever way it ends.

import Identity
import OpenAIProtocol

/// What a turn used, gathered while it runs.
struct TurnTally: Sendable {
    var rounds = 0
    var usage = Usage()
    var tools: [String] = []
    var provider: String?
    var model: String?
    var firstToken: ContinuousClock.Instant?
}

/// Must be settled exactly once. It cannot be copied, and settling consumes it; one that is dropped unsettled writes
/// its row all the same, marked `abandoned`, so that a mistake in the code shows in the books instead of hiding.
struct Settlement: ~Copyable {
    private let plan: TurnPlan
    private let recorder: UsageRecorder
    private let started: ContinuousClock.Instant
    private let startedAt: Int64
    private let slots: TurnSlots
    private var isOpen = true

    init(plan: TurnPlan, recorder: UsageRecorder, slots: TurnSlots) {
        self.plan = plan
        self.recorder = recorder
        self.slots = slots
        started = .now
        startedAt = WallClock.system.now()
        slots.enter()
    }

    deinit {
        if isOpen { close(TurnTally(), outcome: "abandoned") }
    }

    consuming func settle(_ tally: TurnTally, as end: TurnEnd) {
        close(tally, outcome: end.label)
        isOpen = false
    }

    private borrowing func close(_ tally: TurnTally, outcome: String) {
        slots.leave()
        recorder.record(
            UsageRow(
                requestID: plan.requestID,
                startedAt: startedAt,
                userID: plan.caller.userID,
                username: plan.caller.username,
                team: plan.caller.teams.first ?? 0,
                credentialKind: plan.caller.credential.kind.rawValue,
                credentialID: plan.caller.credential.id,
                surface: plan.surface,
                requestedModel: plan.requestedModel,
                botID: plan.bot?.id,
                provider: tally.provider,
                model: tally.model,
                rounds: tally.rounds,
                tools: tally.tools,
                usage: tally.usage,
                firstTokenMilliseconds: tally.firstToken.map { ($0 - started).milliseconds },
                durationMilliseconds: (ContinuousClock.now - started).milliseconds,
                isStream: plan.stream,
                outcome: outcome
            )
        )
    }
}

extension Duration {
    /// Whole milliseconds.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
