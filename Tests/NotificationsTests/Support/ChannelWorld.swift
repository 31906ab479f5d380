// A store of its own for each test, on either engine, with the channels' service on it.

import Identity
import JSON
import Notifications
import Resources
import Storage
import Support
import Synchronization

/// The engines that every test of the store runs against.
enum StoreEngine: String, CaseIterable, Sendable {
    case sqlite
    case postgresql
}

/// A sender that notes what it was given and answers as it was told.
final class NotedSender: ChannelSender {
    struct Sending: Sendable {
        var message: ChannelMessage
        var channel: NotificationChannel
        var receivers: [String]
    }

    private let noted = Mutex<[Sending]>([])
    private let result: DeliveryResult

    init(_ result: DeliveryResult = .delivered("ok")) { self.result = result }

    var sendings: [Sending] { noted.withLock { $0 } }

    func send(
        _ message: ChannelMessage,
        channel: NotificationChannel,
        receivers: [String]
    ) async -> DeliveryResult {
        noted.withLock { $0.append(Sending(message: message, channel: channel, receivers: receivers)) }
        return result
    }
}

struct ChannelWorld: Sendable {
    let database: any Database
    let channels: ChannelService
    let box: SecretBox

    /// Something of another room that refers to channels.
    static let rule = Resource(
        name: "rule",
        title: "Rule",
        path: "/api/v1/rule",
        table: "rules",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            Field("name", .string, required: true),
            Field("notify_channels", .referenceList(ChannelResource.resource.target), default: []),
        ]
    )

    static func run(
        _ engine: StoreEngine,
        sender: any ChannelSender = NotedSender(),
        _ body: (ChannelWorld) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder("channels")
        defer { withExtendedLifetime(folder) {} }
        let url =
            switch engine {
            case .sqlite: "sqlite:///\(folder.path)/test.db"
            case .postgresql: try await PostgreSQLServer.shared().makeDatabase() + "?connections=4"
            }
        let database = try await DatabaseURL.open(url)
        do {
            let rules = Migration(number: 90, name: "rules") { rule.createTableStatements($0) }
            try await Migrator(IdentitySchema.migrations + NotificationsSchema.migrations + [rules]).migrate(database)
            let box = SecretBox.random()
            let catalog = try ResourceCatalog([ChannelResource.resource, rule])
            let channels = try ChannelService(
                database: database,
                catalog: catalog,
                box: box,
                sender: sender,
                audit: ResourceService.auditLog(AuditLog())
            )
            try await body(ChannelWorld(database: database, channels: channels, box: box))
        } catch {
            await database.close()
            throw error
        }
        await database.close()
    }

    @discardableResult
    func make(
        _ name: String,
        _ type: String,
        _ config: JSONObject,
        _ more: JSONObject = [:],
        by caller: Caller = .chief
    ) async throws -> JSONValue {
        var body: JSONObject = ["name": .string(name), "channel_type": .string(type), "config": .object(config)]
        for (key, value) in more { body[key] = value }
        return try await channels.resource.create(body, caller: caller)
    }

    /// The channel as a sender gets it.
    func opened(_ id: Int64) async throws -> NotificationChannel? {
        let directory = ChannelDirectory(box: box)
        return try await database.read { try directory.channel(id, on: $0) }
    }

    func text(_ sql: String) async throws -> String {
        try await database.read { try $0.query(sql) }.map { "\($0.values)" }.joined(separator: "\n")
    }
}

extension Caller {
    static func person(_ name: String, _ role: Role, team: Int64 = 1) -> Caller {
        Caller(
            userID: 7,
            username: name,
            role: role,
            teams: [team],
            credential: CredentialReference(kind: .token, name: "test")
        )
    }

    static let chief = person("chief", .administrator)
    static let worker = person("worker", .operator)
    static let looker = person("looker", .viewer)
}

extension JSONValue {
    var rowID: Int64 { Int64(self["id"]?.int ?? -1) }
}

/// The faults that the body is refused with, as `field: message`.
func faults(_ body: () async throws -> Void) async -> [String] {
    do {
        try await body()
        return []
    } catch let error as ResourceError {
        return error.errors.isEmpty ? [error.message] : error.errors.map { "\($0.field): \($0.message)" }
    } catch {
        return ["unexpected: \(error)"]
    }
}
