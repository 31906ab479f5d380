// A trial of a provider or a route: what it says of a call that failed.

import Identity
import JSON
import Logging
import Providers
import Storage
import Support
import Testing
import Tools

@testable import Conversation

@Suite struct ProviderTrialTests {
    @Test func aFailureSaysHowManyWereAsked() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let dead = [try FreePort.take(), try FreePort.take()]
            let node = try await world.node()
            for (name, port) in zip(["one", "two"], dead) {
                try await node.administration.providers.make([
                    "name": .string(name), "kind": "openai-compatible",
                    "base_url": .string("http://127.0.0.1:\(port)/v1"),
                ])
            }
            try await node.administration.routes.make([
                "name": "both", "targets": [["model": "one/m"], ["model": "two/m", "order": 2]],
            ])
            for (body, attempts) in [(["route": "both"], 2), (["model": "two/m"], 1)] as [(JSONObject, JSONValue)] {
                let report = try await Self.report(body, node, world)
                #expect(report["status"] == "error" && report["attempts"] == attempts, "\(report.text)")
            }
        }
    }

    /// A model that embeds is asked for a vector, by whichever name it is found; the call is in the books all the same.
    @Test func modelsThatEmbedAreAskedForAVector() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await AdministrationWorld.run(.sqlite) { world in
            let node = try await world.node()
            try await node.administration.providers.make([
                "name": "vectors", "kind": "openai-compatible", "base_url": .string(upstream.baseURL),
            ])
            try await node.administration.models.make(["name": "vectors/e-1", "embeddings": true])
            try await node.administration.routes.make(["name": "near", "targets": [["model": "vectors/e-1"]]])
            for body in [["route": "near"], ["provider": "vectors"], ["model": "vectors/e-1"]] as [JSONObject] {
                let report = try await Self.report(body, node, world)
                #expect(report["status"] == "ok" && report["text"] == "" && report["error"] == .null, "\(report.text)")
                #expect((report["dimensions"]?.int ?? 0) > 0)
                #expect(report["model"] == "e-1" && report["attempts"] == 1)
                #expect((report["usage"]?["prompt_tokens"]?.int ?? 0) > 0)
            }
            let rows = try await world.database.read { try $0.query("SELECT * FROM usage_record ORDER BY id") }
            #expect(try rows.map { try $0.text("surface") } == Array(repeating: "provider_test", count: 3))
            // Any other is asked for words.
            let words = try await Self.report(["model": "vectors/m"], node, world)
            #expect(words["status"] == "ok" && words["dimensions"] == .null && words["text"] != "", "\(words.text)")
            try await upstream.stop()
            let failed = try await Self.report(["route": "near"], node, world)
            #expect(failed["error"]?["kind"] == "connectionFailed" && failed["dimensions"] == .null, "\(failed.text)")
        }
    }

    private static func report(
        _ body: JSONObject,
        _ node: AdministrationNode,
        _ world: AdministrationWorld
    ) async throws -> JSONValue {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let environment = TurnEnvironment(
            router: node.providers.router,
            recorder: UsageRecorder(database: world.database, logger: logger),
            held: HeldRounds(database: world.database),
            approvals: Approvals(
                database: world.database,
                registry: .empty,
                bot: { _ in nil },
                audit: AuditLog(),
                logger: logger
            ),
            logger: logger
        )
        let trial = try ProviderTrial(body, in: node.providers.book.catalogue)
        let report = try await trial.run(node.providers, environment, caller: Stage.caller, requestID: "r", now: 0)
        await environment.recorder.drain()
        return report
    }
}
