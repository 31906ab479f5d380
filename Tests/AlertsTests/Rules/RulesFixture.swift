// A store with everything that rules refer to: users, teams, channels, sources.

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

/// Rules on a store of their own: source `s1` and the users `alice`, `bob` (team 1), `carol` (team 2), `dave` (team 1,
/// not active), `root` (administrator of team 2); channels 1 and 2 of team 1 and 3 of team 2.
struct RulesFixture: Sendable {
    let alerts: Fixture
    let rules: RuleServices
    let channels: ResourceService
    let audited: Audited

    var database: any Database { alerts.database }

    /// What the audit was told.
    final class Audited: Sendable {
        private let changes = Mutex<[String]>([])
        var actions: [String] { changes.withLock { $0 } }
        func add(_ action: String) { changes.withLock { $0.append(action) } }
    }

    /// Stands for the channels of the room Notifications: the same name and table.
    static let channel = Resource(
        name: "channel",
        title: "Channel",
        path: "/api/v1/system_mgmt/channel",
        table: "notification_channel",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            Field("name", .string, required: true), Field("channel_type", .string, required: true),
            Field("config", .object, default: [:]), Field("templates", .object, default: [:]),
            Field("rate_per_minute", .integer), Field("digest_threshold", .integer, default: 20),
            Field("is_active", .boolean, default: true), Field("description", .text, default: ""),
        ]
    )

    static func run(_ engine: Engine, _ body: (RulesFixture) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "opsgate-rules-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let database: any Database
        switch engine {
        case .sqlite:
            database = try await DatabaseURL.open("sqlite:///\(folder.path)/test.db")
        case .postgresql:
            let url = try await PostgreSQLServer.shared().makeDatabase() + "?connections=4"
            database = try await DatabaseURL.open(url)
        }
        do {
            try await body(try await make(database))
        } catch {
            await database.close()
            throw error
        }
        await database.close()
    }

    private static func make(_ database: any Database) async throws -> RulesFixture {
        let migrations = IdentitySchema.migrations + AlertsSchema.migrations + NotificationsSchema.migrations
        try await Migrator(migrations).migrate(database)
        let clock = TestClock()
        let declared = Set(AlertsService.resources.map(\.name))
        let catalog = try ResourceCatalog(
            AlertsService.resources + RuleServices.resources.filter { !declared.contains($0.name) } + [channel]
        )
        let audited = Audited()
        let alerts = Fixture(
            database: database,
            alerts: try AlertsService(database: database, catalog: catalog, clock: clock.clock),
            clock: clock
        )
        let fixture = RulesFixture(
            alerts: alerts,
            rules: try RuleServices(
                database: database,
                catalog: catalog,
                audit: { change, _ in audited.add("\(change.resource).\(change.action.rawValue)") },
                clock: clock.clock
            ),
            channels: try ResourceService(channel, catalog: catalog, database: database, clock: clock.clock),
            audited: audited
        )
        try await alerts.makeSource("s1", secret: Fixture.secret)
        try await fixture.makePeople()
        for (name, team) in [("mail", 1), ("robot", 1), ("theirs", 2)] as [(String, Int64)] {
            _ = try await fixture.channels.create(
                ["name": .string(name), "channel_type": name == "robot" ? "ENTERPRISE_WECHAT_BOT" : "EMAIL"],
                caller: .team(team)
            )
        }
        return fixture
    }

    private func makePeople() async throws {
        let people: [(String, String, Int64, Bool)] = [
            ("alice", "operator", 1, true), ("bob", "operator", 1, true), ("carol", "operator", 2, true),
            ("dave", "operator", 1, false), ("root", "administrator", 2, true),
        ]
        try await database.write { connection in
            try connection.execute("INSERT INTO teams (name, created_at) VALUES ('two', 0)")
            for (name, role, team, isActive) in people {
                let id = try connection.query(
                    """
                    INSERT INTO users (username, domain, password_hash, role, is_active, created_at, updated_at)
                    VALUES ($1, 'local', '', $2, $3, 0, 0) RETURNING id
                    """,
                    [.text(name), .text(role), .boolean(isActive)]
                ).first?.int("id")
                try connection.execute(
                    "INSERT INTO user_teams (user_id, team_id) VALUES ($1, $2)",
                    [.integer(id ?? 0), .integer(team)]
                )
            }
        }
    }

    func book(_ shelf: RuleShelf = RuleShelf()) async throws -> RuleBook {
        try await database.read { try shelf.book($0) }
    }

    static let match: JSONValue = [[["key": "labels.env", "operator": "eq", "value": "test"]]]
    static let night: JSONValue = ["type": "day", "start_time": "22:00", "end_time": "06:00"]

    static func shield(_ name: String = "shield", _ more: JSONObject = [:]) -> JSONObject {
        var body: JSONObject = [
            "name": .string(name), "match_type": "filter", "match_rules": match, "suppression_time": night,
        ]
        for (key, value) in more { body[key] = value }
        return body
    }

    static func assignment(_ name: String = "assignment", _ more: JSONObject = [:]) -> JSONObject {
        var body: JSONObject = [
            "name": .string(name), "match_type": "all", "personnel": ["alice"], "notify_channels": [1],
        ]
        for (key, value) in more { body[key] = value }
        return body
    }
}

/// The fields that a refusal names, in order; empty when nothing was refused.
func refused(_ body: () async throws -> Void) async -> [String] {
    do {
        try await body()
        return []
    } catch let error as ResourceError {
        return error.errors.map(\.field)
    } catch {
        return ["\(error)"]
    }
}
