// Embeddings settle once whatever way they end: answered, given up, failed.

import JSON
import Logging
import OpenAIProtocol
import Providers
import Storage
import Synchronization
import Testing

@testable import Conversation

@Suite struct EmbeddingRunTests {
    private func run(
        _ providers: [any ModelProvider],
        _ stage: Stage,
        targets: [String] = ["up"],
        input: String = #""four by four bytes""#,
        route: String = "vectors"
    ) throws -> EmbeddingRun {
        let router = ModelRouter(providers: providers, routes: [])
        var environment = stage.environment
        environment = TurnEnvironment(
            router: { router },
            recorder: environment.recorder,
            held: environment.held,
            approvals: environment.approvals,
            logger: environment.logger
        )
        return EmbeddingRun(
            try EmbeddingRequest(parsing: Array("{\"model\":\"vectors\",\"input\":\(input)}".utf8)),
            on: ModelRoute(
                name: route,
                targets: targets.enumerated().map { RouteTarget(provider: $1, model: "e-1", order: $0) }
            ),
            caller: Stage.caller,
            requestID: "req-1",
            trace: TraceContext(),
            surface: "embeddings",
            environment: environment
        )
    }

    @Test func anAnswerIsARowWithItsTokens() async throws {
        try await withStage(ScriptedModel(.hangs([]))) { stage in
            let embedder = FakeEmbedder("up", .answers(tokens: 9))
            let (end, answer) = try await run([embedder], stage, input: #"["a","b"]"#).run()
            guard case .finished = end else { return #expect(Bool(false), "\(end)") }
            #expect(answer?.list.vectors == [[0, 0.5], [1, 0.5]])
            #expect(answer?.list.model == "vectors")
            let rows = try await stage.usage()
            #expect(rows.count == 1)
            let row = try #require(rows.first)
            #expect(try row.text("outcome") == "finished")
            #expect(try row.text("surface") == "embeddings")
            #expect(try row.text("provider") == "up")
            #expect(try row.int("prompt_tokens") == 9)
            #expect(try row.int("completion_tokens") == 0)
            #expect(try row.int("is_estimated") == 0)
        }
    }

    @Test func withoutAReportTokensAreEstimatedAndMarked() async throws {
        try await withStage(ScriptedModel(.hangs([]))) { stage in
            let (_, answer) = try await run([FakeEmbedder("up", .answers(tokens: nil))], stage).run()
            #expect(answer?.list.usage.promptTokens == 5)
            let row = try #require(try await stage.usage().first)
            #expect(try row.int("prompt_tokens") == 5)
            #expect(try row.int("is_estimated") == 1)
        }
    }

    @Test func aTargetThatIsDownIsFollowedByTheNext() async throws {
        try await withStage(ScriptedModel(.hangs([]))) { stage in
            let providers = [FakeEmbedder("up", .fails(.serverError)), FakeEmbedder("spare", .answers(tokens: 3))]
            let (_, answer) = try await run(providers, stage, targets: ["up", "spare"]).run()
            #expect(answer?.target.provider == "spare")
            #expect(answer?.attempts == 2)
            #expect(try await stage.outcomes() == ["finished"])
        }
    }

    @Test func whoeverHasNoEmbeddingsIsNotAsked() async throws {
        try await withStage(ScriptedModel(.hangs([]))) { stage in
            let providers: [any ModelProvider] = [ScriptedModel(), FakeEmbedder("spare", .answers(tokens: 3))]
            let (_, answer) = try await run(providers, stage, targets: ["up", "spare"]).run()
            #expect(answer?.target.provider == "spare" && answer?.attempts == 1)
            let nobody = try run([ScriptedModel()], stage)
            let (end, _) = await nobody.run()
            guard case .failed(let error) = end else { return #expect(Bool(false), "\(end)") }
            #expect(error.status == 502 && nobody.control.asked == nil)
        }
    }

    @Test func aModelThatOnlyItsCallerKnowsIsNotThere() async throws {
        try await withStage(ScriptedModel(.hangs([]))) { stage in
            let (end, _) = try await run([FakeEmbedder("up", .fails(.modelNotFound))], stage, route: "up/e-1").run()
            #expect(end.label == "model_not_found")
            #expect(try await stage.usage().first?.text("error_type") == "caller_model_unknown")
        }
    }

    @Test(arguments: [
        (ProviderFailure.Kind.serverError, 502, "provider_server_error"),
        (.rateLimited, 429, "provider_rate_limited"), (.timeout, 504, "provider_timeout"),
        (.contextTooLong, 400, "provider_context_too_long"), (.modelNotFound, 502, "ours_misconfigured"),
        (.connectionLost, 502, "provider_connection_failed"),
    ])
    func whatAnUpstreamDoesIsToldAndWrittenOnce(_ kind: ProviderFailure.Kind, _ status: Int, _ type: String)
        async throws
    {
        try await withStage(ScriptedModel(.hangs([]))) { stage in
            let (end, answer) = try await run([FakeEmbedder("up", .fails(kind))], stage).run()
            #expect(answer == nil)
            guard case .failed(let error) = end else { return #expect(Bool(false), "\(end)") }
            #expect(error.status == status)
            if kind == .contextTooLong { #expect(error.param == "input") }
            let rows = try await stage.usage()
            #expect(rows.count == 1)
            #expect(try rows.first?.text("error_type") == type)
        }
    }

    @Test func aClientThatGoesCancelsTheCallAndIsWrittenOnce() async throws {
        try await withStage(ScriptedModel(.hangs([]))) { stage in
            let embedder = FakeEmbedder("up", .hangs)
            let run = try run([embedder], stage)
            let task = Task { await run.run() }
            while embedder.calls == 0 { await Task.yield() }
            task.cancel()
            guard case .cancelled(.clientGone) = await task.value.end else { return #expect(Bool(false)) }
            #expect(embedder.cancelled == 1)
            let rows = try await stage.usage()
            #expect(rows.count == 1)
            #expect(try rows.first?.text("outcome") == "client_gone")
            // It has been sent, as far as anybody knows.
            #expect(try rows.first?.int("prompt_tokens") == 5)
        }
    }

    @Test func aServerThatStopsSaysSo() async throws {
        try await withStage(ScriptedModel(.hangs([]))) { stage in
            let embedder = FakeEmbedder("up", .hangs)
            let run = try run([embedder], stage)
            let task = Task { await run.run() }
            while embedder.calls == 0 { await Task.yield() }
            run.control.cause = .shutDown
            task.cancel()
            guard case .cancelled(.shutDown) = await task.value.end else { return #expect(Bool(false)) }
            #expect(try await stage.outcomes() == ["shut_down"])
        }
    }
}

/// Embeds each input as its number and a half.
private final class FakeEmbedder: EmbeddingProvider {
    enum Act: Sendable {
        case answers(tokens: Int?)
        case fails(ProviderFailure.Kind)
        case hangs
    }

    let name: String
    private let act: Act
    private let counts = Mutex((calls: 0, cancelled: 0))

    init(_ name: String, _ act: Act) {
        self.name = name
        self.act = act
    }

    var calls: Int { counts.withLock { $0.calls } }
    var cancelled: Int { counts.withLock { $0.cancelled } }

    func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        throw ProviderFailure(.badRequest, "embeds only", provider: name)
    }

    func embed(_ call: EmbeddingCall) async throws(ProviderFailure) -> EmbeddingAnswer {
        counts.withLock { $0.calls += 1 }
        switch act {
        case .answers(let tokens):
            let count = call.input.array?.count ?? 1
            return EmbeddingAnswer(
                vectors: (0..<count).map { [Float($0), 0.5] },
                usage: tokens.map { Usage(promptTokens: $0) }
            )
        case .fails(let kind): throw ProviderFailure(kind, "failed", provider: name)
        case .hangs:
            try? await Task.sleep(for: .seconds(600))
            counts.withLock { $0.cancelled += 1 }
            throw ProviderFailure(.cancelled, "cancelled", provider: name)
        }
    }
}
