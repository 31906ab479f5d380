// What becomes of notices: sent, tried again, given up, dropped, put off.

import Identity
import JSON
import Storage
import Support
import Testing

@testable import Notifications

@Suite struct DeliveryTests {
    @Test(arguments: OutboxEngine.allCases)
    func whatWasSentIsWrittenDown(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let id = try await world.enqueue()[0]
            let service = world.service()
            try await service.pass()
            let row = try await world.row(id)
            #expect(row.state == "sent")
            #expect(row.told == "firing")
            #expect(row.title == "one")
            #expect(row.outcome == "ok")
            #expect(row.sentAt == world.clock.now)
            #expect(row.batch == nil)
            #expect(world.sender.messages.map(\.messageID) == ["notice-\(id)"])
            #expect(world.sender.messages.map(\.receivers) == [["ann"]])
            #expect(service.statistics.noticesSent == 1)
            #expect(try await service.pass() == 0)
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func aFailureIsRepeatedLaterAndInTheEndGivenUp(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.sender.answering { _ in .retry(after: nil, "not now") }
            let id = try await world.enqueue()[0]
            let service = world.service()
            var waits: [Int64] = []
            for attempt in 1...20 {
                try await service.pass()
                let row = try await world.row(id)
                #expect(row.attempts == Int64(attempt))
                #expect(row.told == nil)
                guard row.state == "pending" else { break }
                waits.append((row.dueAt - world.clock.now) / 1000)
                world.clock.advance(row.dueAt - world.clock.now - 1)
                try await service.pass()
                #expect(world.sender.messages.count == attempt)
                world.clock.advance(1)
            }
            let doubled: [Int64] = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560]
            #expect(waits == doubled + Array(repeating: 3600, count: 9))
            let row = try await world.row(id)
            #expect(row.state == "dead")
            #expect(row.outcome == "not now")
            #expect(world.sender.messages.count == 20)
            #expect(Set(world.sender.messages.map(\.messageID)) == ["notice-\(id)"])
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func theOtherSidesWishIsHonoured(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.sender.answering { _ in .retry(after: .seconds(120), "Retry-After: 120") }
            let id = try await world.enqueue()[0]
            try await world.service().pass()
            #expect(try await world.row(id).dueAt == world.clock.now + 120_000)
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func whatIsRefusedIsDeadAtOnce(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.sender.answering { _ in .refused("550 no such user") }
            let id = try await world.enqueue()[0]
            let service = world.service()
            try await service.pass()
            let row = try await world.row(id)
            #expect(row.state == "dead")
            #expect(row.attempts == 1)
            #expect(row.outcome == "550 no such user")
            #expect(row.told == nil)
            #expect(service.statistics.dead == 1)
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func anUnknownFateIsRepeatedOnlyWhereASecondOneIsTold(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.sender.answering { _ in .unknown("the answer is missing") }
            let mail = try await world.enqueue(channel: 1)[0]
            let robot = try await world.enqueue(channel: 2, receiver: "")[0]
            let service = world.service()
            try await service.pass()
            let (mailRow, robotRow) = (try await world.row(mail), try await world.row(robot))
            #expect(mailRow.state == "pending")
            #expect(mailRow.told == "firing", "it may have been told")
            #expect(mailRow.outcome == "the answer is missing")
            #expect(robotRow.state == "unknown")
            #expect(robotRow.told == "firing")
            world.sender.answering { _ in .delivered("250") }
            world.clock.advance(5_000)
            try await service.pass()
            #expect(try await world.row(mail).state == "sent")
            let mails = world.sender.messages.filter { $0.channel == 1 }
            #expect(mails.map(\.messageID) == ["notice-\(mail)", "notice-\(mail)"])
            #expect(world.sender.messages.count { $0.channel == 2 } == 1)
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func aChannelThatAsksForTimeGetsIt(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let until = world.clock.now + 60_000
            world.sender.answering { _ in .slowDown(until: until, "45009") }
            let ids = try await world.enqueue(3, channel: 2, receiver: "")
            let service = world.service()
            try await service.pass()
            #expect(world.sender.messages.count == 1)
            for id in ids {
                let row = try await world.row(id)
                #expect(row.state == "pending")
                #expect(row.attempts == 0)
            }
            world.clock.advance(59_999)
            #expect(try await world.service().pass() == 0, "nor by another node")
            world.sender.answering { _ in .delivered("ok") }
            world.clock.advance(1)
            try await service.pass()
            #expect(try await world.states() == ["sent": 3])
            #expect(service.statistics.slowDowns == 1)
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func whatThereIsNothingToTellOfIsDropped(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let ids = try await world.enqueue(4)
            let now = world.clock.now
            world.composer.saying { notice, moment in
                switch notice.id {
                case ids[0]: .drop("resolved meanwhile")
                case ids[1]:
                    moment < now + 9_000 ? .postpone(until: now + 9_000) : .send(ScriptedComposer.content(notice))
                case ids[2]: nil
                default: .send(ScriptedComposer.content(notice))
                }
            }
            let service = world.service()
            try await service.pass()
            let rows = try await world.rows()
            #expect(ids.map { rows[$0]?.state } == ["dropped", "pending", "dropped", "sent"])
            #expect(rows[ids[0]]?.outcome == "resolved meanwhile")
            #expect(rows[ids[1]]?.dueAt == now + 9_000)
            #expect(rows[ids[1]]?.attempts == 0)
            #expect(world.sender.messages.flatMap(\.notices) == [ids[3]])
            world.clock.advance(9_000)
            try await service.pass()
            #expect(try await world.row(ids[1]).state == "sent")
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func oneThatCannotBeComposedHoldsUpNobody(engine: OutboxEngine) async throws {
        struct Fault: Error {}
        try await OutboxWorld.run(engine) { world in
            let ids = try await world.enqueue(12)
            world.composer.saying { notice, _ in
                if notice.id == ids[4] { throw Fault() }
                return .send(ScriptedComposer.content(notice))
            }
            let service = world.service()
            try await service.pass()
            #expect(try await world.states() == ["sent": 11, "pending": 1])
            for _ in 0..<20 {
                world.clock.advance(3_600_000)
                try await service.pass()
            }
            #expect(try await world.row(ids[4]).state == "dead")
            #expect(try await world.row(ids[4]).attempts == 19)
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func aChannelThatIsGoneMakesDeadLetters(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.channels.set(1, isActive: false)
            world.channels.remove(2)
            let off = try await world.enqueue(2, channel: 1)
            let gone = try await world.enqueue(2, channel: 2, receiver: "")
            let service = world.service()
            try await service.pass()
            #expect(world.sender.messages.isEmpty)
            let rows = try await world.rows()
            #expect(off.allSatisfy { rows[$0]?.state == "dead" && rows[$0]?.outcome == "the channel is not active" })
            #expect(gone.allSatisfy { rows[$0]?.state == "dead" && rows[$0]?.outcome == "the channel was deleted" })
            #expect(service.statistics.dead == 4)
        }
    }

    /// A topic that no composer here knows, after a newer program has written to the store.
    @Test(arguments: OutboxEngine.allCases)
    func anUnknownTopicIsDropped(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let ids = try await world.enqueue(2)
            try await world.database.write { connection in
                try connection.execute(
                    "UPDATE notification SET topic_type = 'dream' WHERE id = $1",
                    [.integer(ids[0])]
                )
                try connection.execute(
                    "UPDATE notification SET topic_type = 'incident' WHERE id = $1",
                    [.integer(ids[1])]
                )
            }
            try await world.service().pass()
            #expect(try await world.states() == ["dropped": 2])
        }
    }
}
