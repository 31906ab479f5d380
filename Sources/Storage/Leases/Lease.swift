// A named right that one holder has at a time, for a time.

/// A lease: who may do something that only one node should do at a time. It runs out by the store's clock, so nodes
/// need not agree on the time. Its token grows with each holder; writes that need the lease call `confirm` in their
/// own transaction, so that a holder that was paused cannot write after another has taken over.
package struct Lease: Sendable, Equatable {
    package let name: String
    package let holder: String
    /// The fencing token: greater than that of every earlier lease of the name.
    package let token: Int64
    /// Epoch milliseconds by the store's clock.
    package let expiresAt: Int64

    /// Takes the lease when it is free, has run out or was released; `nil` when another has it. A holder that asks
    /// again while it has the lease gets it anew, with a new token. The table is made by `StorageSchema`.
    package static func acquire(
        _ name: String,
        holder: String,
        for time: Duration,
        in database: any Database
    ) async throws -> Lease? {
        try await database.write { connection in
            let now = connection.dialect.nowMilliseconds
            let rows = try connection.query(
                """
                INSERT INTO leases (name, holder, token, expires_at) VALUES ($1, $2, 1, \(now) + $3)
                ON CONFLICT (name) DO UPDATE
                SET holder = excluded.holder, token = leases.token + 1, expires_at = excluded.expires_at
                WHERE leases.expires_at <= \(now) OR leases.holder = excluded.holder
                RETURNING token, expires_at
                """,
                [.text(name), .text(holder), .integer(time.milliseconds)]
            )
            return try rows.first.map { row in
                Lease(name: name, holder: holder, token: try row.int("token"), expiresAt: try row.int("expires_at"))
            }
        }
    }

    /// The same lease for a new time from now; `nil` when it has run out or another has it.
    package func renew(for time: Duration, in database: any Database) async throws -> Lease? {
        try await database.write { connection in
            let now = connection.dialect.nowMilliseconds
            let rows = try connection.query(
                """
                UPDATE leases SET expires_at = \(now) + $3
                WHERE name = $1 AND token = $2 AND expires_at > \(now)
                RETURNING expires_at
                """,
                [.text(name), .integer(token), .integer(time.milliseconds)]
            )
            return try rows.first.map { row in
                Lease(name: name, holder: holder, token: token, expiresAt: try row.int("expires_at"))
            }
        }
    }

    /// Gives the lease back, so that another need not wait for its end. Without effect when it is lost already.
    package func release(in database: any Database) async throws {
        try await database.write { connection in
            _ = try connection.execute(
                "UPDATE leases SET expires_at = 0 WHERE name = $1 AND token = $2",
                [.text(name), .integer(token)]
            )
        }
    }

    /// Throws `.busy` unless this lease is still the newest of its name and has not run out. To be called in the
    /// transaction whose writes depend on it.
    package func confirm(on connection: any SQLConnection) throws(DatabaseError) {
        let rows = try connection.query(
            "SELECT token FROM leases WHERE name = $1 AND token = $2 AND expires_at > "
                + connection.dialect.nowMilliseconds + connection.dialect.forUpdate(),
            [.text(name), .integer(token)]
        )
        if rows.isEmpty { throw DatabaseError(.busy, "the lease \(name) was lost") }
    }
}
