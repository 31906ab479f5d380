// The statements behind limits that several nodes share.

import JSON
import Storage

/// Meters and nodes in PostgreSQL. (They run on SQLite as well, where nobody needs them.)
enum LimitRows {
    /// Any number that nobody else uses for advisory locks.
    private static let lock: Int64 = 0x6F70_7367_6C69_6D74

    /// To be the first in a transaction: from here to its end nobody else counts.
    ///
    /// - Returns: the store's name for the transaction; nil where no commit's end goes unheard.
    static func begin(_ connection: any SQLConnection) throws -> String? {
        guard connection.dialect == .postgresql else { return nil }
        // Under the stricter level the meters would be seen as they were before the lock was granted.
        try connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return try connection.query(
            """
            SELECT CAST(pg_advisory_xact_lock(CAST($1 AS BIGINT)) AS TEXT) AS locked,
                CAST(pg_current_xact_id() AS TEXT) AS name
            """,
            [.integer(lock)]
        ).first?.text("name")
    }

    /// Whether a transaction that has ended was committed (PostgreSQL 15 documentation, section 9.27.7).
    static func isCommitted(_ transaction: String, _ connection: any SQLConnection) throws -> Bool {
        let rows = try connection.query("SELECT pg_xact_status(CAST($1 AS xid8)) AS status", [.text(transaction)])
        return try rows.first?.optionalText("status") == "committed"
    }

    /// The store's clock, and which nodes live by it.
    static func nodes(_ connection: any SQLConnection) throws -> (now: Int64, alive: [String: Int64]) {
        let now = try connection.query("SELECT \(connection.dialect.nowMilliseconds) AS now").first?.int("now") ?? 0
        let rows = try connection.query(
            "SELECT node, expires_at FROM limit_node WHERE expires_at > $1",
            [.integer(now)]
        )
        var alive: [String: Int64] = [:]
        for row in rows { alive[try row.text("node")] = try row.int("expires_at") }
        return (now, alive)
    }

    /// Says that a node lives on.
    static func renew(_ node: String, until moment: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            INSERT INTO limit_node (node, expires_at) VALUES ($1, $2)
            ON CONFLICT (node) DO UPDATE SET expires_at = excluded.expires_at
            """,
            [.text(node), .integer(moment)]
        )
        try connection.execute("DELETE FROM limit_node WHERE expires_at < $1", [.integer(moment - forgotten)])
    }

    /// Milliseconds after which nothing is left of a node that is gone.
    private static let forgotten: Int64 = 86_400_000

    static func remove(_ node: String, _ connection: any SQLConnection) throws {
        try connection.execute("DELETE FROM limit_node WHERE node = $1", [.text(node)])
    }

    static func meters(
        _ scopes: Set<LimitScope>,
        _ connection: any SQLConnection
    ) throws -> [LimitScope: LimitMeter] {
        guard !scopes.isEmpty else { return [:] }
        let names = JSONValue.array(scopes.sorted().map { .string($0.name) }).text
        let texts =
            switch connection.dialect {
            case .sqlite: "SELECT value FROM json_each($1)"
            case .postgresql: "SELECT e FROM json_array_elements_text(CAST($1 AS JSON)) e"
            }
        let rows = try connection.query(
            "SELECT scope, state FROM limit_meter WHERE scope IN (\(texts))",
            [.text(names)]
        )
        var meters: [LimitScope: LimitMeter] = [:]
        for row in rows {
            guard let scope = LimitScope(name: try row.text("scope")) else { continue }
            // A state that cannot be read is none: counting begins anew instead of refusing for ever.
            meters[scope] = (try? LimitMeter(text: try row.text("state"))) ?? LimitMeter()
        }
        return meters
    }

    static func store(
        _ meters: [LimitScope: LimitMeter],
        at now: Int64,
        _ connection: any SQLConnection
    ) throws {
        for (scope, meter) in meters.sorted(by: { $0.key < $1.key }) {
            try connection.execute(
                """
                INSERT INTO limit_meter (scope, state, updated_at) VALUES ($1, $2, $3)
                ON CONFLICT (scope) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at
                """,
                [.text(scope.name), .text(meter.text), .integer(now)]
            )
        }
    }

    /// Deletes the meters that nobody has touched for so long that nothing of them counts any more.
    static func sweep(at now: Int64, _ connection: any SQLConnection) throws {
        try connection.execute("DELETE FROM limit_meter WHERE updated_at < $1", [.integer(now - kept)])
    }

    /// Two months: longer than any budget's period.
    private static let kept: Int64 = 62 * 86_400_000

    static func scopes(_ connection: any SQLConnection) throws -> [LimitScope] {
        try connection.query("SELECT scope FROM limit_meter ORDER BY scope")
            .compactMap { LimitScope(name: try $0.text("scope")) }
    }
}

extension LimitScope {
    /// `user:7`
    package var name: String { "\(kind.rawValue):\(subject)" }

    package init?(name: String) {
        guard let colon = name.firstIndex(of: ":"), let kind = Kind(rawValue: String(name[..<colon])) else {
            return nil
        }
        self.init(kind, String(name[name.index(after: colon)...]))
    }
}
