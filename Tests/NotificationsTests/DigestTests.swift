// Storms: many notices become few messages, and every one of them is counted.

import JSON
import Storage
import Support
import Testing

@testable import Notifications

@Suite struct DigestTests {
    /// The promise: 1,000 notices in a minute to one robot make at most 20 sends, with nothing lost.
    @Test(arguments: OutboxEngine.allCases)
    func aThousandNoticesInAMinuteAreTwentySends(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let service = world.service()
            let start = world.clock.now
            while world.clock.now < start + 60_000 {
                try await world.enqueue(25, channel: 2, receiver: "")
                try await service.pass()
                world.clock.advance(1_500)
            }
            let inTheMinute = world.sender.messages.count { $0.at < start + 60_000 }
            #expect((1...20).contains(inTheMinute))
            try await eventually("all are told") {
                world.clock.advance(1_000)
                try await service.pass()
                return try await world.states() == ["sent": 1_000] ? true : nil
            }
            let messages = world.sender.messages
            for first in messages {
                #expect(messages.count { $0.at >= first.at && $0.at < first.at + 60_000 } <= 20)
            }
            let told = messages.flatMap(\.notices)
            #expect(told.count == 1_000)
            #expect(Set(told).count == 1_000)
            let counted = messages.map { Int($0.title.split(separator: " ").last ?? "") ?? 1 }.reduce(0, +)
            #expect(counted == 1_000)
            // Who was in which digest can be looked up.
            let rows = try await world.rows()
            for message in messages {
                let batch = message.notices.count > 1 ? message.notices.min() : nil
                #expect(message.notices.allSatisfy { rows[$0]?.batch == batch })
                #expect(message.notices.allSatisfy { rows[$0]?.messageID == message.messageID })
            }
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func receiversHaveDigestsOfTheirOwn(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            let ann = try await world.enqueue(30, receiver: "ann")
            let bob = try await world.enqueue(11, receiver: "bob")
            let eve = try await world.enqueue(10, receiver: "eve")
            let service = world.service()
            try await service.pass()
            let seen = world.sender.messages
            #expect(Set(seen.filter { $0.receivers == ["ann"] }.flatMap(\.notices)) == Set(ann))
            #expect(seen.count { $0.receivers == ["ann"] } == 1)
            #expect(seen.filter { $0.receivers == ["bob"] }.map(\.title) == ["digest of 11"])
            #expect(Set(seen.filter { $0.receivers == ["bob"] }.flatMap(\.notices)) == Set(bob))
            #expect(seen.filter { $0.receivers == ["eve"] }.map(\.notices) == eve.map { [$0] }, "in their order")
            #expect(service.statistics.digestsSent == 2)
        }
    }

    /// A mail channel with a pace: when there is not enough for all, the worst go first, each receiver in one message.
    @Test(arguments: OutboxEngine.allCases)
    func theWorstGoFirst(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.channels.set(1, .email, rate: 8)
            for index in 0..<6 {
                let level = index == 4 ? "critical" : index == 5 ? "error" : "info"
                try await world.enqueue(2, receiver: "person \(index)", level: level)
            }
            try await world.service().pass()
            #expect(Set(world.sender.messages.flatMap(\.receivers)) == ["person 4", "person 5"])
            #expect(world.sender.messages.allSatisfy { $0.notices.count == 2 })
        }
    }

    @Test(arguments: OutboxEngine.allCases)
    func aDigestThatFailedIsMadeAnewOfWhatIsDueThen(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.sender.answering { _ in .retry(after: nil, "busy") }
            let ids = try await world.enqueue(12)
            let service = world.service()
            try await service.pass()
            let rows = try await world.rows()
            #expect(ids.allSatisfy { rows[$0]?.messageID == nil && rows[$0]?.told == nil && rows[$0]?.attempts == 1 })
            // By then some have nothing to tell any more.
            world.composer.saying { notice, _ in
                ids.prefix(11).contains(notice.id) ? .drop("over") : .send(ScriptedComposer.content(notice))
            }
            world.sender.answering { _ in .delivered("ok") }
            world.clock.advance(5_000)
            try await service.pass()
            #expect(try await world.states() == ["dropped": 11, "sent": 1])
            let ways = world.sender.messages.map(\.messageID)
            #expect(ways == ["digest-\(ids[0])-1", "notice-\(ids[11])"])
        }
    }

    /// A digest that may have arrived comes again as the same one, and what is new goes by itself.
    @Test(arguments: OutboxEngine.allCases)
    func aDigestOfUnknownFateComesAgainAsItWas(engine: OutboxEngine) async throws {
        try await OutboxWorld.run(engine) { world in
            world.sender.answering { _ in .unknown("timeout") }
            let ids = try await world.enqueue(12)
            let service = world.service()
            try await service.pass()
            world.sender.answering { _ in .delivered("ok") }
            world.clock.advance(5_000)
            let late = try await world.enqueue(12)
            try await service.pass()
            let messages = world.sender.messages
            try #require(messages.count == 3)
            #expect(messages[0].messageID == messages[1].messageID)
            #expect(messages[0].notices == messages[1].notices)
            #expect(messages[0].notices == ids)
            #expect(messages[2].notices == late)
            #expect(messages[2].messageID == "digest-\(late[0])-1")
        }
    }
}
