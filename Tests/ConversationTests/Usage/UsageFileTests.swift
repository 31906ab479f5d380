// Files of the books are not written on a connection's loop.

import Dispatch
import Glibc
import OpenAIProtocol
import Synchronization
import Testing

@testable import Conversation

/// One thread that counts how long it works.
private final class MeteredExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "metered")
    private let nanoseconds = Atomic<Int64>(0)

    var seconds: Double { Double(nanoseconds.load(ordering: .relaxed)) / 1e9 }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in
            let start = Self.threadTime
            job.runSynchronously(on: asUnownedTaskExecutor())
            nanoseconds.add(Self.threadTime - start, ordering: .relaxed)
        }
    }

    static var threadTime: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

@Suite struct UsageFileTests {
    @Test(arguments: ["", "request_id"]) func theWriterIsNotTheReadersThread(group: String) async throws {
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            let count = 4_000
            for number in 0..<count {
                stage.recorder.record(
                    UsageRow(
                        requestID: "r\(number)",
                        startedAt: 1_760_000_000_000,
                        userID: 7,
                        username: "ann-\(number)",
                        team: 3,
                        credentialKind: "api_secret",
                        credentialID: 11,
                        surface: "chat",
                        requestedModel: "m",
                        botID: nil,
                        provider: "up",
                        model: "m",
                        rounds: 1,
                        tools: [],
                        usage: Usage(promptTokens: 1, completionTokens: 1),
                        firstTokenMilliseconds: nil,
                        durationMilliseconds: 1,
                        isStream: false,
                        outcome: "finished"
                    )
                )
            }
            await stage.recorder.drain()
            var parameters = [("format", "csv")]
            if !group.isEmpty { parameters.append(("group_by", "user")) }
            let query = try UsageQuery(parameters, caller: Stage.caller)
            let reports = UsageReports(database: stage.database)
            let executor = MeteredExecutor()
            let sizes = try await withTaskExecutorPreference(executor) {
                var file = reports.file(query)
                var sizes: [Int] = []
                while let piece = try await file.next() { sizes.append(piece.count) }
                return sizes
            }
            // Pieces, none of them large; and next to nothing of it was written by the reader's thread.
            #expect(sizes.count >= 5)
            #expect(sizes.allSatisfy { $0 < 600_000 })
            let used = executor.seconds
            let rows = try await stage.usage()
            // After the wait: what follows stays on one thread.
            let start = MeteredExecutor.threadTime
            _ = try rows.prefix(1_000).flatMap { CSVText.line(try UsageForm.row($0), UsageForm.rowColumns) }
            let quarter = Double(MeteredExecutor.threadTime - start) / 1e9
            #expect(used < quarter, "\(used) s of the reader, \(quarter) s for a quarter of the rows")
        }
    }
}
