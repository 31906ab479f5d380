// Writes usage rows behind the answers, many in one commit.

package import Logging
import OpenAIProtocol
package import Storage
import Synchronization

/// Takes rows at once and writes them in batches. A row is in memory for up to 100 ms, the commit that runs and its
/// own; `drain` writes what is left before the program ends, and a program that is killed loses it. While the store is
/// down rows wait, up to a bound, and nobody's answer fails for it.
package final class UsageRecorder: Sendable {
    private struct State {
        var waiting: [UsageRow] = []
        var isWriting = false
        var lost = 0
        var drains: [CheckedContinuation<Void, Never>] = []
    }

    private let database: any Database
    private let logger: Logger
    private let state = Mutex(State())
    /// How long rows are gathered for one commit, which costs as much as many of them.
    private static let gathering = Duration.milliseconds(100)
    private static let insertion = BatchInsert("usage_record", UsageRow.columns)
    private static let numbered = BatchInsert("usage_record", UsageRow.columns, suffix: "RETURNING id")
    private static let shares = BatchInsert("usage_share", UsageShare.columns)
    /// Rows kept at the most while the store is down; beyond it they are counted and logged, not kept.
    private static let bound = 200_000

    package init(database: any Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Rows that wait to be written, and rows that were lost because the store was gone for too long; for metrics.
    package var backlog: (waiting: Int, lost: Int) { state.withLock { ($0.waiting.count, $0.lost) } }

    /// Takes a row. Never waits.
    package func record(_ row: UsageRow) {
        let mustStart = state.withLock { state in
            guard state.waiting.count < Self.bound else {
                state.lost += 1
                return false
            }
            state.waiting.append(row)
            if state.isWriting { return false }
            state.isWriting = true
            return true
        }
        if mustStart { Task { await write() } }
    }

    /// Returns when every row taken so far is written.
    package func drain() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.waiting.isEmpty && !state.isWriting { return true }
                state.drains.append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
    }

    private func write() async {
        var pause = Duration.milliseconds(100)
        while true {
            // A commit costs as much as many rows: those of a moment go together. Nobody waits for them.
            try? await Task.sleep(for: Self.gathering)
            let (batch, drains) = state.withLock { state -> ([UsageRow], [CheckedContinuation<Void, Never>]) in
                let batch = state.waiting
                state.waiting = []
                guard batch.isEmpty else { return (batch, []) }
                state.isWriting = false
                defer { state.drains = [] }
                return ([], state.drains)
            }
            if batch.isEmpty {
                for drain in drains { drain.resume() }
                return
            }
            do {
                try await database.write { try Self.insert(batch, $0) }
                pause = .milliseconds(100)
            } catch let error as DatabaseError where error.isFinal && batch.count > 1 {
                // One row that the store will never take must not hold up the others.
                await writeSingly(batch)
            } catch let error as DatabaseError where error.isFinal {
                state.withLock { $0.lost += batch.count }
                logger.error("usage row refused", metadata: ["reason": "\(error)"])
            } catch {
                let isHopeless = state.withLock { state in
                    let room = max(0, Self.bound - state.waiting.count)
                    state.lost += max(0, batch.count - room)
                    state.waiting.insert(contentsOf: batch.prefix(room), at: 0)
                    // Somebody who drains cannot wait for ever for a store that is gone.
                    return !state.drains.isEmpty && pause > .seconds(2)
                }
                logger.error(
                    "usage rows not written",
                    metadata: [
                        "rows": "\(batch.count)", "lost": "\(state.withLock { $0.lost })", "reason": "\(error)",
                    ]
                )
                if isHopeless {
                    let drains = state.withLock { state in
                        defer { state.drains = [] }
                        return state.drains
                    }
                    for drain in drains { drain.resume() }
                }
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    /// Together, but for the few rows whose numbers their shares need.
    private static func insert(_ rows: [UsageRow], _ connection: any SQLConnection) throws {
        let isShared = rows.contains { !$0.shares.isEmpty }
        let usual = isShared ? rows.filter(\.shares.isEmpty) : rows
        try insertion.run(usual.count, connection) { index, values in usual[index].append(to: &values) }
        guard isShared else { return }
        for row in rows where !row.shares.isEmpty {
            guard let id = try numbered.run(1, connection, { _, values in row.append(to: &values) }).first?.int("id")
            else { continue }
            try shares.run(row.shares.map { $0.values(of: id) }, connection)
        }
    }

    private func writeSingly(_ rows: [UsageRow]) async {
        for row in rows {
            do {
                try await database.write { try Self.insert([row], $0) }
            } catch let error as DatabaseError where error.isFinal {
                state.withLock { $0.lost += 1 }
                logger.error("usage row refused", metadata: ["request_id": "\(row.requestID)", "reason": "\(error)"])
            } catch {
                state.withLock { $0.waiting.append(row) }
            }
        }
    }
}

extension DatabaseError {
    /// Whether the same statement would fail again, whenever it is tried.
    var isFinal: Bool {
        switch kind {
        case .constraint, .statement, .decoding: true
        default: false
        }
    }
}
