// What people see of the outbox, what they can send again, and what is forgotten in the end.

import Identity
import JSON
import Logging
import Resources
import Storage
import Support
import Synchronization
import Testing

@testable import Notifications

@Suite struct NotificationDeskTests {
    private static func caller(_ role: Role = .administrator, teams: [Int64] = [1]) -> Caller {
        Caller(
            userID: 7,
            username: "ann",
            role: role,
            teams: teams,
            credential: CredentialReference(kind: .apiSecret, id: 1, name: "test")
        )
    }

    /// Three dead mails and one unknown message of the robot.
    private static func losses(_ world: OutboxWorld) async throws -> (dead: [Int64], unknown: Int64) {
        world.sender.answering { $0.channel == 1 ? .refused("no") : .unknown("timeout") }
        let dead = try await world.enqueue(3)
        let unknown = try await world.enqueue(channel: 2, receiver: "")[0]
        try await world.service().pass()
        #expect(try await world.states() == ["dead": 3, "unknown": 1])
        world.sender.answering { _ in .delivered("ok") }
        world.sender.forget()
        return (dead, unknown)
    }

    private static func audit(_ world: OutboxWorld) async throws -> [String] {
        try await world.database.read { connection in
            try connection.query("SELECT action, object_id, username FROM audit_log ORDER BY id").map {
                "\(try $0.text("action")) \(try $0.text("object_id")) \(try $0.text("username"))"
            }
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func theOutboxTellsHowFullItIs(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let desk = try NotificationDesk(database: world.database)
            #expect(try await desk.level() == OutboxLevel())
            _ = try await Self.losses(world)
            let before = WallClock.system.now()
            _ = try await world.enqueue(2)
            let level = try await desk.level()
            #expect(level.waiting == 2 && level.sending == 0 && level.dead == 3 && level.unknown == 1)
            let oldest = try #require(level.oldest)
            #expect(oldest > 0 && oldest <= max(before, world.clock.now))
            guard engine == .sqlite else { return }
            // Rows that were sent are not looked at.
            for condition in [NoticeState.isWaiting, NoticeState.isStuck] {
                let plan = try await world.database.read { connection in
                    try connection.query(
                        "EXPLAIN QUERY PLAN SELECT state, COUNT(*) AS n FROM notification WHERE \(condition) GROUP BY state"
                    ).map { try $0.text("detail") }.joined(separator: "; ")
                }
                #expect(plan.contains("ix_notification_"), "\(plan)")
            }
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func whatWasLostCanBeSentAgain(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let (dead, unknown) = try await Self.losses(world)
            let rings = Mutex(0)
            let desk = try NotificationDesk(
                database: world.database,
                audit: AuditLog(),
                clock: world.clock.clock,
                wake: { rings.withLock { $0 += 1 } }
            )
            let one = try await desk.resend(id: unknown, caller: Self.caller())
            #expect(one["state"] == "pending")
            #expect(one["attempts"] == 0)
            let answer = try await desk.resend(
                body: ["ids": [.integer(dead[0]), .integer(dead[0]), .integer(unknown), 999_999]],
                caller: Self.caller()
            )
            #expect(answer["resent"] == 1)
            #expect(answer["results"]?.array?.map { $0["result"]?.string } == ["ok", "error", "error"])
            let rest = try await desk.resend(body: ["channel": 1, "state": "dead"], caller: Self.caller())
            #expect(rest["resent"] == 2)
            #expect(rest["remaining"] == 0)
            #expect(rings.withLock { $0 } == 3)
            try await world.service().pass()
            #expect(try await world.states() == ["sent": 4])
            #expect(Set(world.sender.messages.flatMap(\.notices)) == Set(dead + [unknown]))
            let entries = try await Self.audit(world)
            #expect(entries.sorted() == ([unknown] + dead).map { "notification.resend \($0) ann" }.sorted())
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func notEverybodyMaySendAgain(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let (dead, _) = try await Self.losses(world)
            let desk = try NotificationDesk(database: world.database, clock: world.clock.clock)
            await #expect(throws: ResourceError.forbidden(.notificationManage)) {
                try await desk.resend(id: dead[0], caller: Self.caller(.operator))
            }
            await #expect(throws: ResourceError.forbidden(.notificationManage)) {
                try await desk.resend(body: ["channel": 1], caller: Self.caller(.viewer))
            }
            await #expect(throws: ResourceError.notFound) {
                try await desk.resend(id: 999_999, caller: Self.caller())
            }
            _ = try await desk.resend(id: dead[0], caller: Self.caller())
            await #expect(throws: ResourceError.self) { try await desk.resend(id: dead[0], caller: Self.caller()) }
            await #expect(throws: ResourceError.self) {
                try await desk.resend(body: ["ids": [.integer(dead[0])]], caller: Self.caller())
            }
            let bad: [JSONObject] = [
                [:], ["ids": []], ["ids": ["1"]], ["ids": [0]], ["channel": "mail"], ["ids": [1], "channel": 1],
                ["channel": 1, "state": "sent"], ["everything": true],
                ["ids": .array(Array(repeating: 1, count: 1_001))],
            ]
            for body in bad {
                do {
                    _ = try await desk.resend(body: body, caller: Self.caller())
                    Issue.record("\(body) was taken")
                } catch let error as ResourceError {
                    #expect(error.status == 400, "\(body)")
                    #expect(!error.errors.isEmpty)
                }
            }
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func listsAndLogShowTheTeamsRowsOnly(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let (dead, unknown) = try await Self.losses(world)
            #expect(try await NotificationResource.resource.schemaProblems(world.database) == [])
            let desk = try NotificationDesk(database: world.database, clock: world.clock.clock)
            let viewer = Self.caller(.viewer)
            var page = try await desk.notifications.list(query: [("state", "dead"), ("channel", "1")], caller: viewer)
            #expect(page.count == 3)
            #expect(page.results.first?["outcome"] == "no")
            #expect(page.results.first?["channel_name"] == .null)
            page = try await desk.notifications.list(
                query: [("topic_type", "alert"), ("receiver", ""), ("transition", "assignment")],
                caller: viewer
            )
            #expect(page.results.map { $0["id"] } == [.integer(unknown)])
            page = try await desk.notifications.list(query: [], caller: Self.caller(.viewer, teams: [2]))
            #expect(page.count == 0)
            await #expect(throws: ResourceError.notFound) {
                try await desk.notifications.get(id: dead[0], caller: Self.caller(.viewer, teams: [2]))
            }

            let filter = NotificationLogFilter(channel: 1, states: [.dead])
            let first = try await world.database.read {
                try NotificationLog.rows(filter, limit: 2, caller: viewer, $0)
            }
            #expect(first.total == 3)
            #expect(first.entries.map(\.id) == [dead[2], dead[1]])
            let second = try await world.database.read {
                try NotificationLog.rows(filter, limit: 2, cursor: first.next, caller: viewer, $0)
            }
            #expect(second.entries.map(\.id) == [dead[0]])
            #expect(second.next == nil)
            #expect(second.total == 3)
            let topic = NotificationLogFilter(topic: .alert(first.entries[0].topicID))
            let about = try await world.database.read { try NotificationLog.rows(topic, caller: viewer, $0) }
            #expect(about.entries.map(\.id) == [dead[2]])
            #expect(about.entries[0].json["outcome"] == "no")
            let foreign = try await world.database.read {
                try NotificationLog.rows(filter, caller: Self.caller(.viewer, teams: [2]), $0)
            }
            #expect(foreign.total == 0)
            #expect(foreign.entries.isEmpty)
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func whatIsLongOverIsRemoved(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            _ = try await Self.losses(world)
            let waiting = try await world.enqueue(2)
            var settings = DeliverySettings()
            settings.sweepSize = 2
            let sweeps = (0..<2).map { _ in
                RetentionSweep(
                    database: world.database,
                    settings: settings,
                    clock: world.clock.clock,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                )
            }
            world.clock.advance(90 * 86_400_000)
            #expect(try await sweeps[0].sweep() == 0, "not a moment too early")
            world.clock.advance(1)
            // While another node holds the lease, this one leaves it to that.
            let lease = try #require(
                try await Lease.acquire("notification.retention", holder: "x", for: .seconds(60), in: world.database)
            )
            #expect(try await sweeps[0].sweep() == 0)
            try await lease.release(in: world.database)
            #expect(try await sweeps[1].sweep() == 4)
            #expect(Set(try await world.rows().keys) == Set(waiting), "what waits is never too old")
        }
    }

    /// The question asked every second is answered out of the index, whatever else is in the table.
    @Test(arguments: OutboxEngine.allCases)
    func dueChannelsAreFoundByTheIndex(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            #expect(try await world.database.read { try DueChannels.all($0) } == [])
            try await world.enqueue(3, channel: 5)
            world.clock.advance(1_000)
            try await world.enqueue(3, channel: 9)
            let now = world.clock.now
            try await world.database.write { connection in
                _ = try PaceRows.lock(9, now: now, connection)
                try PaceRows.block(9, until: now + 77, connection)
            }
            let due = try await world.database.read { try DueChannels.all($0) }.sorted { $0.id < $1.id }
            #expect(due == [DueChannel(id: 5, dueAt: now - 1_000), DueChannel(id: 9, dueAt: now + 77)])
            guard engine == .sqlite else { return }
            let plan = try await world.database.read { connection in
                try connection.query("EXPLAIN QUERY PLAN \(DueChannels.statement)").map { try $0.text("detail") }
            }
            let scans = plan.filter { $0.contains("notification") && !$0.contains("notification_pace") }
            #expect(!scans.isEmpty)
            #expect(scans.allSatisfy { $0.contains("INDEX ix_notification_waiting") }, "\(plan)")
        }
    }
}
