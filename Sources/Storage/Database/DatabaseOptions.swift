// Sizes and patience of a database; some can be set in its URL.

/// How a database is run.
package struct DatabaseOptions: Sendable {
    /// Jobs that may wait; one more is refused with `.overloaded`. SQLite counts reads and writes apart.
    package var maximumWaiting = 10_000
    /// Reader threads (SQLite); `readers` in the URL.
    package var readers = 4
    /// Connections and their threads (PostgreSQL); `connections` in the URL.
    package var connections = 8
    /// How long to wait for a lock that another process holds (SQLite); `busy_timeout` in the URL, in milliseconds.
    package var busyTimeout: Duration = .seconds(5)
    /// How long one statement may take: of PostgreSQL any, of SQLite one that reads. `statement_timeout` in the URL,
    /// in milliseconds.
    package var statementTimeout: Duration = .seconds(30)
    /// How long a job waits for a server that cannot be reached, from when it was handed in (PostgreSQL).
    package var reconnectPatience: Duration = .seconds(5)

    package init() {}
}

extension Duration {
    /// Whole milliseconds, at least 0.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
