// A store of its own for each test, on either engine, and what tests ask of it.

import Alerts
import Foundation
import Identity
import JSON
import Notifications
import Resources
import Storage
import Support
import Synchronization
import Testing

/// The engines that every test of the store runs against.
enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgresql

    var testDescription: String { rawValue }
}

/// A clock that the test moves.
final class TestClock: Sendable {
    private let time: Atomic<Int64>

    /// 2025-10-21T10:00:00Z.
    init(_ time: Int64 = 1_761_040_800_000) { self.time = Atomic(time) }

    var now: Int64 { time.load(ordering: .relaxed) }
    func set(_ time: Int64) { self.time.store(time, ordering: .relaxed) }
    var clock: WallClock { WallClock { self.now } }
}

/// Alerts on an empty store, with one source `s1` (team 1, secret `secret-one`).
struct Fixture: Sendable {
    let database: any Database
    let alerts: AlertsService
    let clock: TestClock

    static let secret = "secret-one"

    /// Runs the body on a fresh store and removes the store afterwards.
    static func run(_ engine: Engine, _ body: (Fixture) async throws -> Void) async throws {
        try await Turnstile.postgreSQL.pass(engine == .postgresql) { try await runNow(engine, body) }
    }

    private static func runNow(_ engine: Engine, _ body: (Fixture) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "opsgate-alerts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database: any Database
        switch engine {
        case .sqlite:
            database = try await DatabaseURL.open("sqlite:///\(folder.path)/test.db")
        case .postgresql:
            database = try await DatabaseURL.open(
                try await PostgreSQLServer.shared().makeDatabase() + "?connections=4"
            )
        }
        do {
            try await Migrator(
                StorageSchema.migrations + IdentitySchema.migrations + NotificationsSchema.migrations
                    + AlertsSchema.migrations
            ).migrate(database)
            let clock = TestClock()
            let fixture = Fixture(
                database: database,
                alerts: try AlertsService(
                    database: database,
                    audit: ResourceService.auditLog(AuditLog()),
                    clock: clock.clock
                ),
                clock: clock
            )
            try await fixture.makeSource("s1", secret: secret)
            try await body(fixture)
        } catch {
            await database.close()
            throw error
        }
        await database.close()
    }

    @discardableResult
    func makeSource(
        _ name: String,
        type: String = "monitor",
        secret: String? = nil,
        caller: Caller = .team(1),
        more: JSONObject = [:]
    ) async throws -> JSONValue {
        var body: JSONObject = ["name": .string(name), "source_id": .string(name), "source_type": .string(type)]
        if let secret { body["secret"] = .string(secret) }
        for (key, value) in more { body[key] = value }
        return try await alerts.sources.create(body, caller: caller)
    }

    /// Posts a body with the secret of `s1` in a header.
    func post(
        _ body: JSONValue,
        secrets: [String] = [Fixture.secret],
        query: [(String, String)] = []
    ) async -> IngestReply {
        await alerts.receive(body: body.bytes, secrets: secrets, query: query)
    }

    /// Posts events in the seed's format to `s1`.
    @discardableResult
    func send(_ events: [JSONValue]) async -> IngestReply {
        await post(["source_id": "s1", "events": .array(events)])
    }

    /// Every row of every table, ids and arrival times included.
    func everything() async throws -> [String] {
        var lines: [String] = []
        for table in ["alert_source", "alert", "alert_label", "alert_event", "alert_gap"] {
            let order = table == "alert_label" ? "alert_id, name, value" : "id"
            let rows = try await database.read { try $0.query("SELECT * FROM \(table) ORDER BY \(order)") }
            lines += rows.map { row in "\(table): \(zip(row.columns, row.values).map { "\($0)=\($1)" })" }
        }
        return lines
    }

    /// What must not depend on the order of arrival: everything but ids and arrival times, of one source.
    func state(source: String) async throws -> [String] {
        let columns = """
            fingerprint, status, level, level_given, title, description, labels, annotations, host, link, \
            external_id, event_id, started_at, ended_at, last_event_at, event_count, last_firing_at, \
            first_resolved_at, content_at, content_fires, is_latest, has_earlier
            """
        let ours = "a.source = (SELECT id FROM alert_source WHERE source_id = $1)"
        return try await database.read { connection in
            let alerts = try connection.query(
                "SELECT \(columns) FROM alert a WHERE \(ours) ORDER BY fingerprint, started_at",
                [.text(source)]
            )
            let events = try connection.query(
                """
                SELECT e.fingerprint, e.digest, e.status, e.occurred_at, a.started_at
                FROM alert_event e JOIN alert a ON a.id = e.alert_id WHERE \(ours) ORDER BY e.fingerprint, e.digest
                """,
                [.text(source)]
            )
            let labels = try connection.query(
                """
                SELECT a.fingerprint, a.started_at, l.name, l.value FROM alert_label l JOIN alert a ON a.id = l.alert_id
                WHERE \(ours) ORDER BY a.fingerprint, a.started_at, l.name
                """,
                [.text(source)]
            )
            return (alerts + events + labels).map { "\($0.values)" }
        }
    }

    /// `fingerprint status level start…end` of each alert of a source, by fingerprint and start, times in seconds.
    func summary(source: String = "s1") async throws -> [String] {
        try await database.read { connection in
            try connection.query(
                """
                SELECT a.* FROM alert a JOIN alert_source s ON s.id = a.source WHERE s.source_id = $1
                ORDER BY a.fingerprint, a.started_at
                """,
                [.text(source)]
            ).map { row in
                let end = try row.optionalInt("ended_at").map { String($0 / 1000) } ?? ""
                let start = try row.int("started_at") / 1000
                return
                    "\(try row.text("fingerprint")) \(try row.text("status")) \(try row.text("level")) \(start)…\(end)"
            }
        }
    }

    /// Expects `summary` to be these lines.
    func expect(
        _ lines: [String],
        source: String = "s1",
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let summary = try await summary(source: source)
        #expect(summary == lines, sourceLocation: location)
    }

    /// Expects a table to have so many rows.
    func expect(_ table: String, has rows: Int, _ location: SourceLocation = #_sourceLocation) async throws {
        let count = try await count(table)
        #expect(count == Int64(rows), sourceLocation: location)
    }

    func count(_ table: String) async throws -> Int64 {
        try await database.read { try $0.query("SELECT COUNT(*) AS total FROM \(table)").first?.int("total") ?? -1 }
    }
}

extension Caller {
    /// An operator of one team.
    static func team(_ team: Int64, role: Role = .operator) -> Caller {
        Caller(
            userID: 100 + team,
            username: "user\(team)",
            role: role,
            teams: [team],
            credential: CredentialReference(kind: .apiSecret, id: team, name: "test")
        )
    }
}

/// An event in the seed's format; times in epoch seconds.
func event(
    _ id: String,
    _ status: String = "firing",
    start: Int64,
    end: Int64? = nil,
    level: String = "warning",
    title: String? = nil,
    labels: JSONObject = [:]
) -> JSONValue {
    var event: JSONObject = [
        "title": .string(title ?? "title of \(id)"), "level": .string(level), "start_time": .integer(start),
        "external_id": .string(id), "status": .string(status), "labels": .object(labels),
    ]
    if let end { event["end_time"] = .integer(end) }
    return .object(event)
}

extension IngestReply {
    func number(_ name: String) -> Int? { body["data"]?[name]?.int }
}

/// Numbers that come again with the same seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
