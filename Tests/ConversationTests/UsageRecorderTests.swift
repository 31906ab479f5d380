// Usage rows reach the store also when it fails for a while, and each of them once.

import Logging
import OpenAIProtocol
import Providers
import Storage
import Synchronization
import Testing

@testable import Conversation

private struct Down: Error {}

/// A store whose first writes fail.
private final class Flaky: Database {
    private let inner: any Database
    private let failures: Mutex<Int>

    init(_ inner: any Database, failing count: Int) {
        self.inner = inner
        failures = Mutex(count)
    }

    var dialect: SQLDialect { inner.dialect }
    func check() async throws { try await inner.check() }
    func close() async { await inner.close() }

    func read<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try await inner.read(body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> T) async throws -> T {
        let fails = failures.withLock { left in
            left -= 1
            return left >= 0
        }
        if fails { throw Down() }
        return try await inner.write(body)
    }
}

@Suite struct UsageRecorderTests {
    private func row(_ number: Int) -> UsageRow {
        UsageRow(
            requestID: "r\(number)",
            startedAt: 1,
            userID: 7,
            username: "ann",
            team: 3,
            credentialKind: "token",
            credentialID: nil,
            surface: "chat",
            requestedModel: "m",
            botID: nil,
            provider: nil,
            model: nil,
            rounds: 1,
            tools: ["a", "b"],
            usage: Usage(promptTokens: 1, completionTokens: 2, cachedTokens: 3, reasoningTokens: 4, isEstimated: true),
            firstTokenMilliseconds: nil,
            durationMilliseconds: 5,
            isStream: false,
            outcome: "finished"
        )
    }

    @Test func everyMemberIsWritten() async throws {
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            stage.recorder.record(row(1))
            let written = try #require(try await stage.usage().first)
            #expect(try written.text("request_id") == "r1")
            #expect(
                written["credential_id"] == .null && written["bot_id"] == .null && written["first_token_ms"] == .null
            )
            #expect(try written.text("tools") == "a,b")
            #expect(try written.int("cached_tokens") == 3)
            #expect(try written.int("reasoning_tokens") == 4)
            #expect(try written.bool("is_estimated"))
            #expect(try written.int("duration_ms") == 5)
        }
    }

    @Test(.timeLimit(.minutes(10))) func rowsOutliveAStoreThatFails() async throws {
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            let recorder = UsageRecorder(
                database: Flaky(stage.database, failing: 2),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            for number in 0..<50 { recorder.record(row(number)) }
            await recorder.drain()
            let ids = try await stage.usage().map { try $0.text("request_id") }
            #expect(ids == (0..<50).map { "r\($0)" })
        }
    }

    @Test func drainingNothingReturnsAtOnce() async throws {
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            await stage.recorder.drain()
            let rows = try await stage.usage()
            #expect(rows.isEmpty)
        }
    }

    @Test func manyAtOnceEachOnce() async throws {
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            await withTaskGroup(of: Void.self) { group in
                for part in 0..<20 {
                    group.addTask {
                        for number in 0..<50 { stage.recorder.record(row(part * 50 + number)) }
                    }
                }
            }
            let ids = try await stage.usage().map { try $0.text("request_id") }
            #expect(ids.count == 1000)
            #expect(Set(ids).count == 1000)
        }
    }
}
