// Random failures, lost answers, dying and sleeping workers: what must hold whatever happens.

import JSON
import Storage
import Support
import Synchronization
import Testing

@testable import Notifications

@Suite struct DeliveryPropertyTests {
    /// Mail, a robot, and a webhook with a pace; 120 notices; workers that die before and after sending, settle late,
    /// or live. In the end every notice is in one final state, and
    /// - what counts as sent did arrive, and what is dead and not in doubt did not;
    /// - no receiver that can tell duplicates took a notice under two message ids;
    /// - nobody was tried more often than allowed, and no minute had more messages than the pace.
    @Test(arguments: OutboxEngine.allCases, 0..<3)
    func whateverHappens(engine: OutboxEngine, round: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        try await OutboxWorld.run(engine) { world in
            world.channels.set(3, .webhook, rate: 12, digestThreshold: 4)
            let course = Course(world, seed: seed)
            try await course.run()
            try await course.check()
        }
    }
}

/// One run of the test above.
private final class Course: Sendable {
    private struct Zombie: Sendable {
        var claim: Claim
        var message: ClaimedMessage
        var result: DeliveryResult
    }

    private struct Arrival: Hashable {
        var channel: Int64
        var notice: Int64
    }

    private let world: OutboxWorld
    private let seed: UInt64
    /// Under which ids a notice reached its receiver.
    private let arrived = Mutex<[Arrival: Set<String>]>([:])
    private let attempts = Mutex<[String: UInt64]>([:])
    private let isKind = Mutex(false)

    init(_ world: OutboxWorld, seed: UInt64) {
        self.world = world
        self.seed = seed
    }

    func run() async throws {
        var numbers = PlainNumbers(seed: seed)
        world.sender.answering { message in await self.answer(message) }
        let begin = world.clock.now
        world.composer.saying { notice, now in
            // Some are over soon; some have to wait for their turn.
            if notice.id % 11 == 0, now > begin + 60_000 { return .drop("over") }
            if notice.id % 7 == 0, now < notice.createdAt + 3_000 { return .postpone(until: notice.createdAt + 3_000) }
            return .send(ScriptedComposer.content(notice))
        }
        let nodes = [world.service(), world.service()]
        var zombies: [Zombie] = []
        var left = 120
        for _ in 0..<90 {
            if left > 0 {
                let count = min(left, Int.random(in: 0...9, using: &numbers))
                left -= count
                let channel = Int64.random(in: 1...3, using: &numbers)
                let receiver = channel == 1 ? ["ann", "bob"].randomElement(using: &numbers) ?? "" : ""
                let level = ["critical", "warning", "info"].randomElement(using: &numbers) ?? ""
                try await world.enqueue(count, channel: channel, receiver: receiver, level: level)
            }
            let node = nodes[Int.random(in: 0...1, using: &numbers)]
            if Int.random(in: 0...2, using: &numbers) == 0 {
                zombies += try await die(node, channel: .random(in: 1...3, using: &numbers), &numbers)
            } else {
                try await node.pass()
            }
            if let index = zombies.indices.randomElement(using: &numbers), Int.random(in: 0...4, using: &numbers) == 0 {
                let zombie = zombies.remove(at: index)
                _ = try await world.settle(zombie.message, zombie.claim, zombie.result)
            }
            world.clock.advance(.random(in: 0...14_000, using: &numbers))
        }
        isKind.withLock { $0 = true }
        for _ in 0..<500 where try await !isOver() {
            try await nodes[0].pass()
            world.clock.advance(10_000)
        }
    }

    /// A worker that claims and then dies: before it sends, or after; or sleeps, to settle when it is too late or not.
    private func die(
        _ node: DeliveryService,
        channel: Int64,
        _ numbers: inout PlainNumbers
    ) async throws -> [Zombie] {
        guard let claim = try await world.claim(node, channel) else { return [] }
        var zombies: [Zombie] = []
        for message in claim.messages where Bool.random(using: &numbers) {
            let rendered = CountingRenderer().digest(
                message.rows.map(\.content),
                total: message.rows.count,
                channel: claim.channel,
                messageID: message.messageID
            ).0
            let receivers = message.receiver.isEmpty ? [] : [message.receiver]
            let result = await world.sender.send(rendered, channel: claim.channel, receivers: receivers)
            if Bool.random(using: &numbers) {
                zombies.append(Zombie(claim: claim, message: message, result: result))
            }
        }
        return zombies
    }

    /// The other side, the same for the same seed: takes, refuses, loses the answer before or after taking.
    private func answer(_ message: SeenMessage) async -> DeliveryResult {
        let count = attempts.withLock { attempts in
            attempts[message.messageID, default: 0] += 1
            return attempts[message.messageID] ?? 0
        }
        var numbers = PlainNumbers(
            seed: seed ^ (count &* 0x9E37_79B9) ^ message.messageID.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }
        )
        _ = numbers.next()
        let luck = isKind.withLock { $0 } ? 0 : numbers.next() % 20
        switch luck {
        case 0...10:
            take(message)
            return .delivered("ok")
        case 11...13: return .retry(after: nil, "busy")
        case 14: return .retry(after: .seconds(20), "later")
        case 15: return .refused("no")
        case 16: return .unknown("lost on the way there")
        case 17, 18:
            take(message)
            return .unknown("lost on the way back")
        default: return .slowDown(until: world.clock.now + 5_000, "too fast")
        }
    }

    private func take(_ message: SeenMessage) {
        arrived.withLock { arrived in
            for notice in message.notices {
                arrived[Arrival(channel: message.channel, notice: notice), default: []].insert(message.messageID)
            }
        }
    }

    private func isOver() async throws -> Bool {
        try await world.rows().values.allSatisfy { NoticeState(rawValue: $0.state)?.isFinal == true }
    }

    func check() async throws {
        let rows = try await world.rows()
        let arrived = arrived.withLock { $0 }
        #expect(rows.count > 60, "seed \(seed)")
        for row in rows.values {
            let ids = arrived[Arrival(channel: row.channel, notice: row.id)] ?? []
            let state = try #require(NoticeState(rawValue: row.state))
            #expect(state.isFinal, "row \(row), seed \(seed)")
            if state == .sent { #expect(!ids.isEmpty, "row \(row), seed \(seed)") }
            if state == .dead, row.told == nil { #expect(ids.isEmpty, "row \(row), seed \(seed)") }
            if !ids.isEmpty { #expect(row.told != nil, "row \(row), seed \(seed)") }
            if row.channel != 2 { #expect(ids.count <= 1, "row \(row), ids \(ids), seed \(seed)") }
            #expect(row.attempts <= 20, "row \(row), seed \(seed)")
        }
        for (channel, limit) in [(Int64(2), 20), (3, 12)] {
            let times = world.sender.messages.filter { $0.channel == channel }.map(\.at)
            for time in times {
                #expect(times.count { $0 >= time && $0 < time + 60_000 } <= limit, "seed \(seed)")
            }
        }
    }
}
