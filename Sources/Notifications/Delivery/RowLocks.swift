// The isolation of a queue: row locks, and nothing else.

import Storage

extension SQLConnection {
    /// To be the first statement of a transaction that takes what it needs by row locks alone.
    ///
    /// Claims read ranges of an index that holds only what waits, a few pages that every enqueue, every claim and every
    /// settlement writes to. PostgreSQL's serializable transactions would collide there all the time, those of the
    /// ingest among them. Claims of one channel exclude each other by the lock on its pace; settlements name the
    /// generation; both look at a row again once they have its lock. SQLite has one writer anyway.
    func relyOnRowLocks() throws(DatabaseError) {
        guard dialect == .postgresql else { return }
        try execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    }
}
