// A turn without a bot: the caller addresses the upstream itself.

import JSON
import OpenAIProtocol
import Providers

extension Turn {
    /// One round, everything passed on: the caller addresses the upstream itself.
    func relay(to sink: any TurnSink, _ tally: inout TurnTally) async throws {
        let route = try await start(
            [plan.messages],
            tools: [],
            toolChoice: plan.toolChoice,
            isLast: false,
            deadline: nil,
            &tally
        )
        try await announce(route, [plan.messages], sink, &tally)
        var finishes: [Int: FinishReason] = [:]
        var assemblers: [Int: ToolCallAssembler] = [:]
        var begun: Set<Int> = []
        var usage: Usage?
        var written = 0
        var clock = RoundClock()
        do {
            while let events = try await clock.wait(
                &tally,
                { () async throws(ProviderFailure) in try await route.round.next(patience: nil) }
            ) {
                var out: [TurnEvent] = []
                for event in events {
                    switch event {
                    case .usage(let counted): usage = counted
                    case .metadata(let members): out.append(.metadata(members))
                    case .delta(var delta):
                        guard delta.choice < plan.choices else { continue }
                        begun.insert(delta.choice)
                        if let reason = delta.finish, finishes[delta.choice] == nil { finishes[delta.choice] = reason }
                        delta.finish = nil
                        if !delta.toolCalls.isEmpty {
                            delta.toolCalls = delta.toolCalls.map { piece in
                                assemblers[delta.choice, default: ToolCallAssembler()].take(piece)
                            }
                        }
                        if assemblers.values.contains(where: \.isOverfull) { throw tooMuch(route) }
                        written += (delta.content?.count ?? 0) + (delta.reasoning?.count ?? 0)
                        written += delta.toolCalls.reduce(0) { $0 + $1.arguments.count }
                        if !delta.isEmpty || out.isEmpty { out.append(.delta(delta)) }
                    }
                }
                if !out.isEmpty { clock.arrived() }
                if tally.firstToken == nil, !out.isEmpty { tally.firstToken = .now }
                if !out.isEmpty { try await sink.send(out) }
            }
        } catch {
            count(usage, written: written, [plan.messages], isCut: true, &tally)
            if let failure = error as? ProviderFailure { route.ticket.broke(failure) }
            endRound(&tally, route, error: error)
            route.round.cancel()
            throw error
        }
        count(usage, written: written, [plan.messages], &tally)
        clock.close(usage, &tally)
        if finishes.isEmpty { finishes[0] = .stop }
        guard begun.allSatisfy({ finishes[$0] != nil }) else {
            let failure = ProviderFailure(
                .connectionLost,
                "The provider \(route.target.provider) ended its answer before every choice was complete.",
                provider: route.target.provider
            )
            endRound(&tally, route, error: failure)
            throw failure
        }
        endRound(&tally, route, finishes: finishes.sorted { $0.key < $1.key }.map(\.value))
        let ends = finishes.sorted { $0.key < $1.key }.map { choice, reason -> TurnEvent in
            // Some upstreams say "stop" although they called tools (`gateways.md` (c) 21), or use the name of old.
            let hasCalls = !(assemblers[choice]?.isEmpty ?? true)
            let isOther = reason == .stop || reason == .functionCall
            return .finish(choice: choice, hasCalls && isOther ? .toolCalls : reason)
        }
        try await sink.send(ends)
    }
}
