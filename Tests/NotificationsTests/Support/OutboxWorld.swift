// A store with channels in memory, a clock that the test moves, and a sender that says what the test wants.

import Foundation
import Identity
import JSON
import Logging
import Storage
import Support
import Synchronization
import Testing

@testable import Notifications

/// The engines that every test of the outbox runs against.
enum OutboxEngine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgresql

    var testDescription: String { rawValue }
}

/// A clock that the test moves; begins at 2025-10-21T10:00:00Z.
final class OutboxClock: Sendable {
    private let time = Atomic<Int64>(1_761_040_800_000)

    var now: Int64 { time.load(ordering: .relaxed) }
    func advance(_ milliseconds: Int64) { time.add(milliseconds, ordering: .relaxed) }
    var clock: WallClock { WallClock { self.now } }
}

/// Channels in memory.
final class FixedChannels: DeliveryChannels {
    private let channels = Mutex<[Int64: NotificationChannel]>([:])

    func set(
        _ id: Int64,
        _ type: ChannelType = .email,
        rate: Int? = nil,
        digestThreshold: Int = 10,
        isActive: Bool = true
    ) {
        let channel = NotificationChannel(
            id: id,
            team: 1,
            name: "channel \(id)",
            type: type,
            config: [:],
            ratePerMinute: rate,
            digestThreshold: digestThreshold,
            isActive: isActive
        )
        channels.withLock { $0[id] = channel }
    }

    func remove(_ id: Int64) { channels.withLock { $0[id] = nil } }

    func channel(_ id: Int64, on connection: any SQLConnection) throws -> NotificationChannel? {
        channels.withLock { $0[id] }
    }
}

/// One attempt as the other side saw it.
struct SeenMessage: Sendable, Hashable {
    var channel: Int64
    var receivers: [String]
    var messageID: String
    var title: String
    /// The rows told of.
    var notices: [Int64]
    var at: Int64
}

/// Answers as told, and remembers what came.
final class ScriptedSender: ChannelSender {
    typealias Answer = @Sendable (SeenMessage) async -> DeliveryResult

    private let seen = Mutex<[SeenMessage]>([])
    private let answer = Mutex<Answer>({ _ in .delivered("ok") })
    private let clock: OutboxClock

    init(_ clock: OutboxClock) { self.clock = clock }

    var messages: [SeenMessage] { seen.withLock { $0 } }
    func forget() { seen.withLock { $0 = [] } }
    func answering(_ body: @escaping Answer) { answer.withLock { $0 = body } }

    func send(
        _ message: ChannelMessage,
        channel: NotificationChannel,
        receivers: [String]
    ) async -> DeliveryResult {
        let message = SeenMessage(
            channel: channel.id,
            receivers: receivers,
            messageID: message.messageID,
            title: message.title,
            notices: (message.variables["notices"]?.array ?? []).compactMap { $0.int.map { Int64($0) } },
            at: clock.now
        )
        seen.withLock { $0.append(message) }
        let answer = answer.withLock { $0 }
        return await answer(message)
    }
}

/// Puts the rows' ids into the message, so that tests can count them.
struct CountingRenderer: NoticeRenderer {
    func message(
        _ content: NoticeContent,
        channel: NotificationChannel,
        messageID: String
    ) -> (ChannelMessage, problem: String?) {
        let ids = [content.variables["id"] ?? .null]
        return (ChannelMessage(title: "one", text: "", messageID: messageID, variables: ["notices": .array(ids)]), nil)
    }

    func digest(
        _ contents: [NoticeContent],
        total: Int,
        channel: NotificationChannel,
        messageID: String
    ) -> (ChannelMessage, String?) {
        let ids = contents.map { $0.variables["id"] ?? .null }
        let title = "digest of \(total)"
        return (ChannelMessage(title: title, text: "", messageID: messageID, variables: ["notices": .array(ids)]), nil)
    }
}

/// Says of each notice what the test wants.
final class ScriptedComposer: NoticeComposer {
    typealias Verdict = @Sendable (StoredNotice, Int64) throws -> NoticeVerdict?

    private let verdict = Mutex<Verdict>({ notice, _ in .send(ScriptedComposer.content(notice)) })

    func saying(_ body: @escaping Verdict) { verdict.withLock { $0 = body } }

    static func content(_ notice: StoredNotice, told: String = "firing") -> NoticeContent {
        NoticeContent(variables: ["id": .integer(notice.id)], told: told)
    }

    func compose(
        _ notices: [StoredNotice],
        now: Int64,
        on connection: any SQLConnection
    ) throws -> [Int64: NoticeVerdict] {
        let verdict = verdict.withLock { $0 }
        var verdicts: [Int64: NoticeVerdict] = [:]
        for notice in notices { verdicts[notice.id] = try verdict(notice, now) }
        return verdicts
    }
}

/// The outbox on an empty store, with the channels 1 (mail) and 2 (robot, 20 a minute).
struct OutboxWorld: Sendable {
    let database: any Database
    let clock = OutboxClock()
    let channels = FixedChannels()
    let composer = ScriptedComposer()
    let sender: ScriptedSender

    /// Runs the body on a fresh store and removes the store afterwards.
    static func run(_ engine: OutboxEngine, _ body: (OutboxWorld) async throws -> Void) async throws {
        let folder = try TemporaryFolder("outbox")
        let url =
            switch engine {
            case .sqlite: "sqlite:///\(folder.path)/test.db"
            case .postgresql: try await PostgreSQLServer.shared().makeDatabase() + "?connections=4"
            }
        let database = try await DatabaseURL.open(url)
        do {
            try await Migrator(NotificationsSchema.migrations + StorageSchema.migrations + IdentitySchema.migrations)
                .migrate(database)
            try await body(OutboxWorld(database))
        } catch {
            await database.close()
            throw error
        }
        await database.close()
    }

    init(_ database: any Database) {
        self.database = database
        sender = ScriptedSender(clock)
        channels.set(1, .email)
        channels.set(2, .enterpriseWeChatBot, rate: 20)
    }

    /// A node's service; jitter is left out, so that pauses are exact.
    func service(_ change: (inout DeliverySettings) -> Void = { _ in }) -> DeliveryService {
        var settings = DeliverySettings()
        settings.idleInterval = 10
        change(&settings)
        return DeliveryService(
            database: database,
            channels: channels,
            sender: sender,
            renderer: CountingRenderer(),
            composers: ["alert": composer],
            settings: settings,
            clock: clock.clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            jitter: { 0 }
        )
    }

    /// Puts notices in that are due now, each about an alert of its own; their rows' ids.
    @discardableResult
    func enqueue(
        _ count: Int = 1,
        channel: Int64 = 1,
        receiver: String = "ann",
        level: String = "critical"
    ) async throws -> [Int64] {
        let now = clock.now
        return try await database.write { connection in
            let last = try connection.query("SELECT COALESCE(MAX(id), 0) AS last FROM notification").first?.int("last")
            let notices = (0..<count).map { index in
                Notice(
                    team: 1,
                    channel: channel,
                    receiver: receiver,
                    topic: .alert((last ?? 0) * 10_000 + Int64(index) + 1),
                    transition: .assignment,
                    level: level
                )
            }
            try Outbox.enqueue(notices, dueAt: now, now: now, on: connection)
            return try connection.query("SELECT id FROM notification WHERE id > $1 ORDER BY id", [.integer(last ?? 0)])
                .map { try $0.int("id") }
        }
    }

    /// All rows, by id.
    func rows() async throws -> [Int64: NoticeRow] {
        let rows = try await database.read { connection in
            try connection.query("SELECT * FROM notification ORDER BY id").map { try NoticeRow($0) }
        }
        return Dictionary(rows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func row(_ id: Int64) async throws -> NoticeRow { try #require(try await rows()[id]) }

    /// How many rows are in each state.
    func states() async throws -> [String: Int] {
        try await rows().values.reduce(into: [:]) { $0[$1.state, default: 0] += 1 }
    }

    /// One claim of a worker that the test plays.
    func claim(_ service: DeliveryService, _ channel: Int64 = 1) async throws -> Claim? {
        guard case .claimed(let claim) = try await ChannelRun(service: service, channel: channel).claim() else {
            return nil
        }
        return claim
    }

    /// Settles a message of such a claim.
    func settle(
        _ message: ClaimedMessage,
        _ claim: Claim,
        _ result: DeliveryResult = .delivered("ok")
    ) async throws -> SettlementReport {
        let now = clock.now
        return try await database.write { connection in
            try Settler.settle(
                message,
                channel: claim.channel.id,
                title: "by hand",
                Settlement(
                    result: .tried(result),
                    canTellDuplicates: claim.channel.type.canTellDuplicates,
                    rule: RetryRule(),
                    jitter: 0,
                    now: now
                ),
                on: connection
            )
        }
    }
}

/// A row of `notification` as tests look at it.
struct NoticeRow: Sendable, Hashable {
    var id: Int64
    var channel: Int64
    var state: String
    var attempts: Int64
    var generation: Int64
    var dueAt: Int64
    var told: String?
    var title: String?
    var outcome: String?
    var batch: Int64?
    var messageID: String?
    var sentAt: Int64?

    init(_ row: SQLRow) throws {
        id = try row.int("id")
        channel = try row.int("channel")
        state = try row.text("state")
        attempts = try row.int("attempts")
        generation = try row.int("generation")
        dueAt = try row.int("due_at")
        told = try row.optionalText("told")
        title = try row.optionalText("title")
        outcome = try row.optionalText("outcome")
        batch = try row.optionalInt("batch")
        messageID = try row.optionalText("message_id")
        sentAt = try row.optionalInt("sent_at")
    }
}
