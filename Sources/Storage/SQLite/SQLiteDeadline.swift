// Stops a reading statement that takes too long.

import CSQLite

/// SQLite asks it every so many steps of its machine. Only for readers: an interrupted write would undo all its batch.
final class SQLiteDeadline {
    private let limit: Duration
    private var deadline: ContinuousClock.Instant

    init(_ limit: Duration) {
        self.limit = limit
        self.deadline = .now + limit
    }

    /// To be called at the beginning of each statement.
    func restart() { deadline = .now + limit }

    /// The connection must not outlive this object.
    func install(on handle: OpaquePointer) {
        sqlite3_progress_handler(
            handle,
            20_000,
            { context in
                guard let context else { return 0 }
                return Unmanaged<SQLiteDeadline>.fromOpaque(context).takeUnretainedValue().isOver ? 1 : 0
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }

    private var isOver: Bool { ContinuousClock.now > deadline }
}
