// Slows down guessing: ten failures within fifteen minutes lock a user name for fifteen minutes.

import Identity
import Storage

/// The lock-out, kept in the store so that it holds for all nodes and over restarts.
///
/// It counts per user name, known or not, so that it does not tell which names exist. API secrets are not affected:
/// whoever is locked out by a stranger's guesses can still work.
struct LoginGuard: Sendable {
    /// Failures that lock.
    var maximumFailures: Int64 = 10
    /// Milliseconds in which they are counted, and for which the lock holds.
    var window: Int64 = 15 * 60 * 1000

    /// Under which key a user name is counted. A hash: people type passwords into the field for the name.
    static func key(username: String, domain: String) -> String {
        CredentialHash(of: "\(domain)\n\(username)").hexadecimal
    }

    /// Throws while the name is locked.
    func check(_ key: String, now: Int64, on connection: any SQLConnection) throws {
        let rows = try connection.query("SELECT locked_until FROM login_failures WHERE account_key = $1", [.text(key)])
        let lockedUntil = try rows.first?.int("locked_until") ?? 0
        if lockedUntil > now {
            throw CredentialFailure.locked(retryAfterSeconds: Int((lockedUntil - now + 999) / 1000))
        }
    }

    /// Counts a failure; true if this one locks the name.
    func recordFailure(_ key: String, now: Int64, on connection: any SQLConnection) throws -> Bool {
        // Old rows go first: they are of no use, and this one starts anew if it is among them.
        try connection.execute(
            "DELETE FROM login_failures WHERE first_at <= $1 AND locked_until <= $2",
            [.integer(now - window), .integer(now)]
        )
        let rows = try connection.query(
            """
            INSERT INTO login_failures (account_key, failures, first_at) VALUES ($1, 1, $2)
            ON CONFLICT (account_key) DO UPDATE SET failures = login_failures.failures + 1
            RETURNING failures
            """,
            [.text(key), .integer(now)]
        )
        guard let failures = try rows.first?.int("failures"), failures >= maximumFailures else { return false }
        try connection.execute(
            "UPDATE login_failures SET locked_until = $1, failures = 0 WHERE account_key = $2",
            [.integer(now + window), .text(key)]
        )
        return true
    }

    /// Forgets the failures of a name after its right password.
    func clear(_ key: String, on connection: any SQLConnection) throws {
        try connection.execute("DELETE FROM login_failures WHERE account_key = $1", [.text(key)])
    }
}
