// How busy a store says it is.

import Storage
import Testing

@Suite struct LoadTests {
    @Test(arguments: Engine.allCases) func itTellsOfThreadsAndJobs(engine: Engine) async throws {
        try await engine.withDatabase { database in
            let threads = database.load.lanes.reduce(0) { $0 + $1.threads }
            #expect(threads == (engine == .sqlite ? 5 : 4))
            let gate = Gate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await database.read { _ in gate.pass() }
                    }
                }
                while true {
                    let reading = database.load.lanes.filter { $0.name != "write" }
                    if reading.allSatisfy({ $0.busyThreads == 4 && $0.waiting == 16 }) { break }
                    try await Task.sleep(for: .milliseconds(1))
                }
                for _ in 0..<20 { gate.open() }
                try await group.waitForAll()
            }
            while database.load.lanes.contains(where: { $0.busyThreads > 0 || $0.waiting > 0 }) { await Task.yield() }
        }
    }
}
