// Metrics of turns: right numbers, bounded labels.

import OpenAIProtocol
import Providers
import Testing

@testable import Conversation

@Suite struct MetricsTests {
    private static func settled(_ error: ErrorType? = nil) -> TurnMetrics.Settled {
        .init(
            operation: .chat,
            firstToken: .milliseconds(30),
            duration: .seconds(1),
            errorType: error,
            cost: TurnCost(charges: [nil]),
            currency: "USD"
        )
    }

    private static func tally(_ target: RouteTarget?) -> TurnTally {
        let tally = TurnTally()
        tally.target = target
        tally.add(Usage(promptTokens: 17, completionTokens: 4))
        tally.upstreamWait = .milliseconds(999)
        return tally
    }

    private static func value(_ metrics: TurnMetrics, _ name: String, _ suffix: String, _ labels: [String: String])
        -> Double?
    {
        metrics.families.first { $0.name == name }?.samples.first { sample in
            sample.suffix == suffix
                && labels.allSatisfy { label in
                    sample.labels.contains { $0.name == label.key && $0.value == label.value }
                }
        }?.value
    }

    /// Callers may name any model; labels may not follow them.
    @Test func namesThatCallersMakeUpAreOneLabel() {
        let metrics = TurnMetrics { provider, model in provider == "up" && model == "m" }
        metrics.record(Self.settled(), Self.tally(RouteTarget(provider: "up", model: "m")))
        for number in 0..<2_000 {
            metrics.record(Self.settled(), Self.tally(RouteTarget(provider: "up", model: "made-up-\(number)")))
        }
        metrics.record(Self.settled(.callerModelUnknown), Self.tally(nil))
        let models = Set(
            metrics.families.flatMap(\.samples).flatMap(\.labels).filter { $0.name == "gen_ai_request_model" }
        )
        #expect(models == [.init("gen_ai_request_model", "m"), .init("gen_ai_request_model", "_other")])
        let counted = Self.value(
            metrics,
            "gen_ai_server_request_duration_seconds",
            "_count",
            ["gen_ai_request_model": "_other"]
        )
        #expect(counted == 2_000)
    }

    @Test func configuredNamesAreBoundedToo() {
        let metrics = TurnMetrics(limit: 10) { _, _ in true }
        for number in 0..<100 {
            metrics.record(Self.settled(), Self.tally(RouteTarget(provider: "up", model: "m\(number)")))
        }
        let models = Set(
            metrics.families.flatMap(\.samples).flatMap(\.labels).filter { $0.name == "gen_ai_request_model" }
        )
        #expect(models.count == 11)
    }

    @Test func numbersAreInTheRightBuckets() throws {
        let metrics = TurnMetrics { _, _ in true }
        let tally = Self.tally(RouteTarget(provider: "up", model: "m"))
        (tally.writing, tally.written) = (.milliseconds(300), 3)
        metrics.record(Self.settled(), tally)
        metrics.record(Self.settled(.providerTimeout), tally)
        let duration = "gen_ai_server_request_duration_seconds"
        #expect(Self.value(metrics, duration, "_count", [:]) == 1)
        #expect(Self.value(metrics, duration, "_count", ["error_type": "provider_timeout"]) == 1)
        #expect(Self.value(metrics, duration, "_bucket", ["le": "0.64"]) == 0)
        #expect(Self.value(metrics, duration, "_bucket", ["le": "1.28"]) == 1)
        let tokens = "gen_ai_client_token_usage"
        #expect(Self.value(metrics, tokens, "_sum", ["gen_ai_token_type": "input"]) == 34)
        #expect(Self.value(metrics, tokens, "_bucket", ["gen_ai_token_type": "input", "le": "16"]) == 0)
        #expect(Self.value(metrics, tokens, "_bucket", ["gen_ai_token_type": "input", "le": "64"]) == 2)
        let perToken = "gen_ai_server_time_per_output_token_seconds"
        #expect(Self.value(metrics, perToken, "_bucket", ["le": "0.1"]) == 2)
        #expect(Self.value(metrics, "opsgate_overhead_seconds", "_bucket", ["le": "0.001"]) == 2)
        #expect(Self.value(metrics, "opsgate_overhead_seconds", "_bucket", ["le": "0.0005"]) == 0)
        #expect(Self.value(metrics, "opsgate_unpriced_requests_total", "", [:]) == 2)
    }

    /// Every end of a turn is counted once, where its row is written.
    @Test func aTurnIsCountedAtItsSettlement() async throws {
        try await withStage(ScriptedModel(.answers("a"), .breaks([[said("b")]], .connectionLost))) { stage in
            for _ in 0..<3 { _ = await stage.run(try plan(bot: bot())) }
            let metrics = stage.environment.metrics
            let duration = "gen_ai_server_request_duration_seconds"
            let labels = ["gen_ai_provider_name": "up", "gen_ai_request_model": "model-1"]
            #expect(Self.value(metrics, duration, "_count", labels) == 1)
            #expect(
                Self.value(
                    metrics,
                    duration,
                    "_count",
                    labels.merging(["error_type": "provider_connection_failed"]) { $1 }
                ) == 2
            )
            #expect(Self.value(metrics, "opsgate_overhead_seconds", "_count", [:]) == 3)
        }
    }
}
