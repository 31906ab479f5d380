// A turn without a bot: the caller addresses the upstream itself.

import JSON
import OpenAIProtocol
import Providers

extension Turn {
    /// One round, everything passed on: the caller addresses the upstream itself.
    @inline(never)
    func relay(to sink: any TurnSink, _ tally: TurnTally) async throws {
        let route = try await start(
            [plan.messages],
            tools: [],
            toolChoice: plan.toolChoice,
            isLast: false,
            deadline: nil,
            tally
        )
        try await announce(route, [plan.messages], sink, tally)
        var choices = RelayedChoices()
        var usage: Usage?
        var details: UsageDetails?
        var written = 0
        var clock = RoundClock()
        do {
            while let events = try await clock.wait(
                tally,
                { () async throws(ProviderFailure) in try await route.round.next(patience: nil) }
            ) {
                var out: [TurnEvent] = []
                for event in events {
                    switch event {
                    case .usage(let counted): usage = counted
                    case .usageDetails(let told): details = told
                    case .metadata(let members): out.append(.metadata(members))
                    case .delta(var delta):
                        guard delta.choice < plan.choices else { continue }
                        choices.take(&delta)
                        if !delta.toolCalls.isEmpty, choices.isOverfull { throw tooMuch(route) }
                        written += (delta.content?.count ?? 0) + (delta.reasoning?.count ?? 0)
                        written += delta.refusal?.count ?? 0
                        written += delta.toolCalls.reduce(0) { $0 + $1.arguments.count }
                        // Who streams keeps nothing.
                        if !plan.stream, written > RoundReader.maximumBytes { throw tooMuch(route) }
                        if !delta.isEmpty || out.isEmpty { out.append(.delta(consume delta)) }
                    }
                }
                if !out.isEmpty { clock.arrived() }
                if tally.firstToken == nil, !out.isEmpty { tally.firstToken = .now }
                if !out.isEmpty { try await sink.send(out) }
            }
        } catch {
            count(usage, written: written, [plan.messages], tally)
            if let failure = error as? ProviderFailure { route.ticket.broke(failure) }
            endRound(tally, route, error: error)
            route.round.cancel()
            throw error
        }
        count(usage, written: written, [plan.messages], tally)
        clock.close(usage, tally)
        guard let ends = choices.ends else {
            let failure = ProviderFailure(
                .connectionLost,
                "The provider \(route.target.provider) ended its answer before every choice was complete.",
                provider: route.target.provider
            )
            endRound(tally, route, error: failure)
            throw failure
        }
        endRound(tally, route, finishes: ends.map(\.said))
        var last = ends.map { TurnEvent.finish(choice: $0.choice, $0.reason) }
        if let details { last.append(.usageDetails(details)) }
        try await sink.send(last)
    }
}
