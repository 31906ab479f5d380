// One transaction of shared limits, and what is known of one whose end nobody heard.

import Storage
import Synchronization

/// The jobs of one transaction with what they need. A value: its body may run more than once.
struct SharedBatch: Sendable {
    var work: [SharedWork]
    /// Who counts the slots.
    var node: String
    /// Milliseconds for which the node's word holds.
    var lifetime: Int64
    var history: SpendingHistory
    /// Earlier transactions whose connection was lost while they were committed, the last at the end.
    var doubts: [SharedDoubt]

    /// - Returns: what came of each; nil when the node has no word any more that could be kept.
    func run(_ connection: any SQLConnection, _ note: SharedNote) throws -> [SharedWork.Done]? {
        // Whoever is first here sees how the one before has ended: it held the lock up to its end.
        let transaction = try LimitRows.begin(connection)
        var (now, alive) = try LimitRows.nodes(connection)
        let known = try connection.query("SELECT expires_at FROM limit_node WHERE node = $1", [.text(node)])
        // A name that has run out is never used again.
        if alive[node] == nil, !known.isEmpty { return nil }
        if (alive[node] ?? 0) < now + lifetime / 2 {
            try LimitRows.renew(node, until: now + lifetime, connection)
            alive[node] = now + lifetime
        }
        let cleared = try clearing(connection)
        if work.contains(where: \.sweeps) { try LimitRows.sweep(at: now, connection) }
        var table = LimitTable()
        table.history = history
        table.meters = try LimitRows.meters(Set((cleared + work).flatMap(\.scopes)), connection)
        let before = table.meters
        for scope in table.meters.keys { table.meters[scope]?.forget(holdersExcept: Set(alive.keys)) }
        for work in cleared { _ = work.apply(to: &table, node: node, at: now) }
        let done = work.map { $0.apply(to: &table, node: node, at: now) }
        try LimitRows.store(table.meters.filter { !$0.value.isSame(as: before[$0.key]) }, at: now, connection)
        note.doubt = transaction.map { SharedDoubt(transaction: $0, work: work, done: done) }
        return done
    }

    /// What is left to do of the doubtful ones.
    private func clearing(_ connection: any SQLConnection) throws -> [SharedWork] {
        var left: [SharedWork] = []
        for doubt in doubts.reversed() {
            if try LimitRows.isCommitted(doubt.transaction, connection) {
                // It has cleared those before it.
                return doubt.ifDone + left
            }
            left = doubt.ifNot + left
        }
        return left
    }
}

/// A transaction that was committed or not.
struct SharedDoubt: Sendable {
    /// The store's name for it.
    let transaction: String
    let work: [SharedWork]
    let done: [SharedWork.Done]

    /// Whoever waited was told that nothing was done: that becomes true.
    var ifDone: [SharedWork] { zip(work, done).compactMap { $0.undoing($1) } }
    /// What nobody asks for again.
    var ifNot: [SharedWork] { work.filter(\.isSettlement) }
}

/// Where the last run of a body leaves what it did, for the case that its end is not heard.
final class SharedNote: Sendable {
    private let state = Mutex<SharedDoubt?>(nil)

    var doubt: SharedDoubt? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

extension LimitMeter {
    /// Whether another differs in nothing but the time.
    fileprivate func isSame(as other: LimitMeter?) -> Bool {
        guard var other else { return false }
        other.seen = seen
        return self == other
    }
}
