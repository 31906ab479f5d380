// What a turn leaves in a trace, and what it tells whoever runs it.

import Identity
import JSON
import OpenAIProtocol
import Providers
import Storage
import Synchronization
import Testing
import Tools

@testable import Conversation

/// Keeps spans.
private final class Traced: Sendable {
    private let kept = Mutex<[Span]>([])

    var spans: [Span] { kept.withLock { $0 } }

    func plan(_ plan: TurnPlan) -> TurnPlan {
        var plan = plan
        plan.trace = TraceContext(TraceContext(), isSampled: true) { span in self.kept.withLock { $0.append(span) } }
        return plan
    }
}

extension Span {
    fileprivate subscript(name: String) -> SpanAttribute.Value? { attributes.first { $0.name == name }?.value }
}

@Suite struct TurnSpanTests {
    @Test func roundsAndToolsAreParts() async throws {
        let traced = Traced()
        let model = ScriptedModel(.calls("look"), .calls("fail", id: "call-2"), .answers("Done."))
        let look = tool("look")
        let fail = tool("fail") { _, _ in .error("no") }
        try await withStage(model) { stage in
            let plan = traced.plan(try plan(bot: try bot(), tools: [look, fail]))
            _ = await stage.run(plan)
            plan.trace.recorder?.end("POST /x", [], isFault: nil)
            #expect(
                traced.spans.map(\.name) == [
                    "chat model-1", "execute_tool look", "chat model-1", "execute_tool fail", "chat model-1", "POST /x",
                ]
            )
            let server = try #require(traced.spans.last)
            #expect(traced.spans.dropLast().allSatisfy { $0.parent == server.id && $0.low == server.low })
            #expect(server["opsgate.rounds"] == .integer(3))
            #expect(server["gen_ai.usage.input_tokens"] == .integer(30))
            #expect(traced.spans[0]["gen_ai.response.finish_reasons"] == .texts(["tool_calls"]))
            #expect(traced.spans[0]["gen_ai.usage.output_tokens"] == .integer(2))
            #expect(traced.spans.map(\.isError) == [false, false, false, true, false, false])
            // Each round was told its own span.
            let told = model.calls.compactMap(\.traceParent)
            #expect(told == [0, 2, 4].map { plan.trace.header(span: traced.spans[$0].id) })
        }
    }

    @Test func aFailureIsToldWhereItHappened() async throws {
        let traced = Traced()
        try await withStage(ScriptedModel(.breaks([[said("Hal")]], .serverError))) { stage in
            let plan = traced.plan(try plan(bot: try bot()))
            _ = await stage.run(plan)
            plan.trace.recorder?.end("POST /x", [], isFault: nil)
            #expect(traced.spans.count == 2)
            #expect(traced.spans.allSatisfy { $0.isError && $0["error.type"] == .text("provider_server_error") })
        }
    }

    @Test func aRefusalByALimitSaysWhatWasAsked() async throws {
        let traced = Traced()
        var book = LimitBook()
        book.add(LimitSet(requestsPerMinute: 1), to: LimitScope(.user, "7"))
        try await withStage(ScriptedModel(.answers("x")), limits: book) { stage in
            _ = await stage.run(try plan(bot: nil))
            let plan = traced.plan(try plan(bot: nil))
            _ = await stage.run(plan)
            plan.trace.recorder?.end("POST /x", [], isFault: nil)
            let span = try #require(traced.spans.last)
            #expect(traced.spans.count == 1 && span["error.type"] == .text("policy_rate_limited"))
            #expect(span["gen_ai.request.model"] == .text("test-bot") && span["opsgate.route"] == .text("default"))
        }
    }

    @Test func aClientThatLeavesIsNobodysError() async throws {
        let traced = Traced()
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            let plan = traced.plan(try plan(bot: try bot()))
            let listener = Listener { event in if case .began = event { true } else { false } }
            plan.trace.recorder?.end("POST /x", [], isFault: nil)
            #expect(traced.spans.count == 1)
            _ = await stage.run(plan, listener)
            #expect(traced.spans.last?["error.type"] == .text("caller_cancelled"))
        }
    }

    /// Three targets that fail are three attempts, whoever answers in the end.
    @Test func allAttemptsOfAFailedTurnAreCounted() async throws {
        try await withStage(ScriptedModel(.refuses(.serverError))) { stage in
            let targets = (1...3).map { RouteTarget(provider: "up", model: "m-\($0)", order: $0) }
            for (retries, attempts) in [(0, 3), (1, 6)] {
                var plan = try plan(bot: nil)
                plan.route = ModelRoute(name: "r-\(retries)", targets: targets, retries: retries)
                let state = RoutingState(environment: .init(pause: { _ in }))
                let router = ModelRouter(providers: [ScriptedModel(.refuses(.serverError))], routes: [], state: state)
                let environment = TurnEnvironment(
                    router: { router },
                    recorder: stage.recorder,
                    held: stage.environment.held,
                    approvals: stage.environment.approvals,
                    logger: stage.environment.logger
                )
                _ = await Turn(plan: plan, environment: environment).run(Listener())
                #expect(try await stage.usage().last?.int("attempts") == Int64(attempts))
            }
        }
    }

    @Test func whoRunsATurnHearsWhatHadNoEffect() async throws {
        let model = ScriptedModel(.drops(["seed"], [[said("x")], [finished(.stop)]]))
        try await withStage(model) { stage in
            let control = TurnControl()
            let listener = Listener { event in
                if case .began = event { #expect(control.dropped == ["seed"]) }
                return false
            }
            _ = await stage.run(try plan(bot: try bot()), listener, control: control)
            #expect(control.dropped == ["seed"])
        }
    }
}
