// A trial of a provider or a route: what it says of a call that failed.

import Identity
import JSON
import Logging
import Providers
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
            func attempts(_ body: JSONObject) async throws -> JSONValue? {
                let trial = try ProviderTrial(body, in: node.providers.book.catalogue)
                let report = try await trial.run(
                    node.providers,
                    environment,
                    caller: Stage.caller,
                    requestID: "r",
                    now: 0
                )
                #expect(report["status"] == "error", "\(report.text)")
                return report["attempts"]
            }
            #expect(try await attempts(["route": "both"]) == 2)
            #expect(try await attempts(["model": "two/m"]) == 1)
            await environment.recorder.drain()
        }
    }
}
