// Workers that die, sleep too long, or are stopped; two nodes on one store.

import Storage
import Support
import Synchronization
import Testing

@testable import Notifications

@Suite struct CrashTests {
    @Test(arguments: OutboxEngine.allCases)
    func whatADeadWorkerClaimedIsSentAfterTheLease(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let id = try await world.enqueue()[0]
            let service = world.service()
            _ = try await world.claim(service)
            let held = try await world.row(id)
            #expect(held.state == "sending")
            #expect(held.told == "firing", "who knows what became of it")
            world.clock.advance(59_999)
            try await service.pass()
            #expect(world.sender.messages.isEmpty)
            world.clock.advance(1)
            try await service.pass()
            #expect(world.sender.messages.map(\.messageID) == ["notice-\(id)"])
            let row = try await world.row(id)
            #expect(row.state == "sent")
            #expect(row.generation == 2)
            #expect(service.statistics.takenOver == 1)
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func whatWasSentAndNotSettledIsSentUnderTheSameID(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            try await world.enqueue(15)
            let service = world.service()
            let claim = try #require(try await world.claim(service))
            let message = try #require(claim.messages.first)
            // It is sent, and the worker dies. Others come in, and one of the old ones is over meanwhile.
            try await world.enqueue(15)
            world.composer.saying { notice, _ in
                notice.id == message.rows[3].id ? .drop("over") : .send(ScriptedComposer.content(notice))
            }
            world.clock.advance(60_000)
            try await service.pass()
            let again = try #require(world.sender.messages.first { $0.messageID == message.messageID })
            #expect(again.notices == message.rows.map(\.id).filter { $0 != message.rows[3].id })
            #expect(world.sender.messages.count == 2)
            #expect(try await world.row(message.rows[3].id).state == "dropped")
            #expect(try await world.row(message.rows[3].id).told == "firing", "it may have been told")
        }
    }

    /// News under the id of an attempt that may have arrived would be taken for a duplicate.
    @Test(arguments: OutboxEngine.allCases)
    func whatSaysOtherThanBeforeHasAnotherID(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let single = try await world.enqueue(receiver: "bob")[0]
            let digest = try await world.enqueue(11)
            let service = world.service()
            world.sender.answering { _ in .unknown("timeout") }
            try await service.pass()
            let changed = digest[5]
            world.composer.saying { notice, _ in
                let isOver = notice.id == single || notice.id == changed
                return .send(ScriptedComposer.content(notice, told: isOver ? "resolved" : "firing"))
            }
            // What then surely fails changes nothing of what was told before.
            world.sender.answering { $0.receivers == ["bob"] ? .retry(after: nil, "busy") : .delivered("ok") }
            world.clock.advance(5_000)
            try await service.pass()
            let row = try await world.row(single)
            #expect(row.told == "firing")
            #expect(row.messageID == "notice-\(single)")
            world.sender.answering { _ in .delivered("ok") }
            world.clock.advance(10_000)
            try await service.pass()
            let sent = world.sender.messages.filter { $0.receivers == ["bob"] }.map(\.messageID)
            #expect(sent == ["notice-\(single)", "notice-\(single)-2", "notice-\(single)-3"])
            let others = world.sender.messages.filter { $0.receivers == ["ann"] }
            #expect(others.map(\.messageID) == ["digest-\(digest[0])-1", "digest-\(digest[0])-1", "notice-\(changed)"])
            try #require(others.count == 3)
            #expect(others[1].notices == digest.filter { $0 != changed })
            #expect(try await world.states() == ["sent": 12])
            #expect(try await world.row(changed).told == "resolved")
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func aWorkerThatWakesTooLateChangesNothing(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let id = try await world.enqueue()[0]
            let (old, new) = (world.service(), world.service())
            let claim = try #require(try await world.claim(old))
            world.clock.advance(60_000)
            let second = try #require(try await world.claim(new))
            let before = try await world.row(id)
            var report = try await world.settle(claim.messages[0], claim, .refused("late"))
            #expect(report.fenced == 1)
            #expect(try await world.row(id) == before)
            report = try await world.settle(second.messages[0], second)
            #expect(report.fenced == 0)
            let done = try await world.row(id)
            #expect(done.state == "sent")
            report = try await world.settle(claim.messages[0], claim, .retry(after: nil, "late"))
            #expect(report.fenced == 1)
            #expect(try await world.row(id) == done)
        }
    }

    /// What ends every worker that takes it must not do so for ever.
    @Test(arguments: OutboxEngine.allCases)
    func whatNobodySettlesIsGivenUp(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let id = try await world.enqueue()[0]
            let service = world.service()
            var claims = 0
            while try await world.claim(service)?.messages.isEmpty == false {
                claims += 1
                try #require(claims < 20)
                world.clock.advance(60_000)
            }
            #expect(claims == 8)
            #expect(try await world.row(id).state == "unknown")
        }
    }

    /// Messages wait behind slow ones only as long as the claim is surely ours.
    @Test(arguments: OutboxEngine.allCases)
    func whatCouldNotBeBegunInTimeGoesBack(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.sender.answering { _ in
                world.clock.advance(16_000)
                return .delivered("slowly")
            }
            let ids = try await world.enqueue(2)
            let service = world.service { $0.roundsAtOnce = 1 }
            try await service.pass()
            let rows = try await world.rows()
            #expect(ids.map { rows[$0]?.state } == ["sent", "pending"])
            #expect(rows[ids[1]]?.attempts == 0)
            #expect(rows[ids[1]]?.told == nil)
            #expect(service.statistics.released == 1)
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func aStopLetsAttemptsEndAndGivesTheRestBack(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let gate = TestGate()
            world.sender.answering { _ in
                await gate.pass()
                return .delivered("at last")
            }
            let ids = try await world.enqueue(5)
            let service = world.service()
            let running = Task { await service.run() }
            try await eventually("one is on its way") { world.sender.messages.count == 1 ? true : nil }
            running.cancel()
            gate.open()
            await running.value
            let rows = try await world.rows()
            #expect(rows[ids[0]]?.state == "sent", "an attempt under way is not torn off")
            #expect(ids.dropFirst().allSatisfy { rows[$0]?.state == "pending" && rows[$0]?.told == nil })
            #expect(ids.dropFirst().allSatisfy { rows[$0]?.dueAt == world.clock.now })
            #expect(world.sender.messages.count == 1)
        }
    }

    /// An attempt that never ends is cancelled, at the end of the drain time here.
    @Test func anAttemptThatHangsIsCancelled() async throws {
        try await OutboxWorld.run(.sqlite) { world in
            world.sender.answering { _ in
                do {
                    try await Task.sleep(for: .seconds(3_600))
                    return .delivered("never")
                } catch {
                    return .unknown("cancelled")
                }
            }
            let id = try await world.enqueue()[0]
            let service = world.service { $0.drainTime = .milliseconds(20) }
            let running = Task { await service.run() }
            try await eventually("it is on its way") { world.sender.messages.count == 1 ? true : nil }
            running.cancel()
            await running.value
            #expect(try await world.row(id).outcome == "cancelled")

            world.clock.advance(60_000)
            let other = world.service { $0.sendLimit = .milliseconds(20) }
            try await other.pass()
            #expect(try await world.row(id).attempts == 2)
        }
    }

    @Test func aSlowChannelHoldsUpNobody() async throws {
        try await OutboxWorld.run(.sqlite) { world in
            let gate = TestGate()
            world.sender.answering { message in
                if message.channel == 1 { await gate.pass() }
                return .delivered("ok")
            }
            let slow = try await world.enqueue(channel: 1)[0]
            let service = world.service()
            let running = Task { await service.run() }
            try await eventually("the slow one is begun") { world.sender.messages.count == 1 ? true : nil }
            let quick = try await world.enqueue(channel: 2, receiver: "")[0]
            service.wake()
            try await eventually("the quick one is sent") { try await world.row(quick).state == "sent" ? true : nil }
            #expect(try await world.row(slow).state == "sending")
            gate.open()
            try await eventually("the slow one is sent") { try await world.row(slow).state == "sent" ? true : nil }
            running.cancel()
            await running.value
        }
    }

    /// A server that is down takes an attempt of a few notices, not of all.
    @Test(arguments: OutboxEngine.allCases)
    func aChannelThatFailsRests(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.sender.answering { _ in .retry(after: nil, "connection refused") }
            for index in 0..<40 { try await world.enqueue(receiver: "person \(index)") }
            let service = world.service { $0.messagesAtOnce = 1 }
            try await service.pass()
            #expect(world.sender.messages.count == 3)
            #expect(try await service.pass() == 0)
            world.clock.advance(2_000)
            try await service.pass()
            #expect(world.sender.messages.count == 6)
            let tried = try await world.rows().values.filter { $0.attempts > 0 }
            #expect(tried.count == 6)
            world.clock.advance(2_000)
            #expect(try await service.pass() == 0, "twice as long")
        }
    }

    @Test func aRingEndsTheWait() async throws {
        try await OutboxWorld.run(.sqlite) { world in
            let service = world.service { $0.idleInterval = 3_600_000 }
            let running = Task { await service.run() }
            // Whether it sleeps already or not: a ring is not lost.
            for _ in 0..<5 {
                let id = try await world.enqueue()[0]
                service.wake()
                try await eventually("it is sent") { try await world.row(id).state == "sent" ? true : nil }
            }
            running.cancel()
            await running.value
        }
    }

    /// Two nodes with pools of their own: every claim is sent once.
    @Test func twoNodesNeverSendTheSameClaim() async throws {
        let url = try await PostgreSQLServer.shared().makeDatabase() + "?connections=3"
        let (first, second) = (try await DatabaseURL.open(url), try await DatabaseURL.open(url))
        try await Migrator(NotificationsSchema.migrations + StorageSchema.migrations).migrate(first)
        let (one, other) = (OutboxWorld(first), OutboxWorld(second))
        for world in [one, other] {
            for channel: Int64 in 1...3 { world.channels.set(channel, .email) }
        }
        let services = [one.service(), other.service()]
        let tasks = services.map { service in Task { await service.run() } }
        for index in 0..<90 {
            try await one.enqueue(2, channel: Int64(index % 3 + 1), receiver: "person \(index)")
            one.clock.advance(5)
            other.clock.advance(5)
        }
        try await eventually("all are sent") {
            one.clock.advance(5)
            other.clock.advance(5)
            return try await one.states() == ["sent": 180] ? true : nil
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        let told = (one.sender.messages + other.sender.messages).flatMap(\.notices)
        #expect(told.count == 180)
        #expect(Set(told).count == 180)
        let rows = try await one.rows().values
        #expect(rows.allSatisfy { $0.generation == 1 })
        #expect(services.map(\.statistics.fenced) == [0, 0])
        #expect(services.map(\.statistics.storeFailures) == [0, 0])
        await first.close()
        await second.close()
    }

    /// Two nodes share one robot's pace.
    @Test func twoNodesShareAPace() async throws {
        let url = try await PostgreSQLServer.shared().makeDatabase() + "?connections=3"
        let (first, second) = (try await DatabaseURL.open(url), try await DatabaseURL.open(url))
        try await Migrator(NotificationsSchema.migrations + StorageSchema.migrations).migrate(first)
        let (one, other) = (OutboxWorld(first), OutboxWorld(second))
        for world in [one, other] { world.channels.set(2, .enterpriseWeChatBot, rate: 20, digestThreshold: 0) }
        try await one.enqueue(60, channel: 2, receiver: "")
        let services = [one.service(), other.service()]
        for _ in 0..<30 {
            async let left = services[0].pass()
            async let right = services[1].pass()
            _ = try await (left, right)
            one.clock.advance(1_000)
            other.clock.advance(1_000)
        }
        let times = (one.sender.messages + other.sender.messages).map(\.at)
        #expect(times.count <= 5 + 8)
        #expect(times.count >= 5)
        await first.close()
        await second.close()
    }
}

/// A door that is closed until it is opened.
final class TestGate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
