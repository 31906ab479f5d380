// Time limits and the queue they wait in, without a clock.

import Loops
import Testing

@testable import HTTPTransport

@Suite struct DeadlineTests {
    private func at(_ seconds: Double) -> Moment { Moment(nanoseconds: Int64(seconds * 1e9)) }

    private let timeouts = TransferTimeouts(
        connect: .seconds(1),
        firstByte: .seconds(2),
        idle: .seconds(3),
        total: .seconds(10)
    )

    @Test func eachPhaseHasItsLimit() {
        var limits = TransferDeadlines(timeouts, startedAt: at(0))
        #expect(limits.next == at(1))
        #expect(limits.expired(at: at(0.9)) == nil)
        #expect(limits.expired(at: at(1)) == .connectTimeout)
        limits.connected(at: at(0.5))
        #expect(limits.next == at(2.5))
        #expect(limits.expired(at: at(2.5)) == .firstByteTimeout)
        limits.received(at: at(2))
        #expect(limits.expired(at: at(4.9)) == nil)
        #expect(limits.expired(at: at(5)) == .idleTimeout)
        limits.received(at: at(8))
        #expect(limits.next == at(10))
        #expect(limits.expired(at: at(10)) == .totalTimeout)
    }

    @Test func pausedTransfersDoNotIdle() {
        var limits = TransferDeadlines(timeouts, startedAt: at(0))
        limits.connected(at: at(0))
        limits.received(at: at(0))
        limits.paused(at: at(0))
        limits.received(at: at(1))
        #expect(limits.expired(at: at(9)) == nil)
        limits.unpaused(at: at(5))
        #expect(limits.next == at(8))
        #expect(limits.expired(at: at(8)) == .idleTimeout)
    }

    /// A reader's time is not the other side's, up to a bound.
    @Test func theTotalLimitWaitsForASlowReader() {
        var limits = TransferDeadlines(timeouts, startedAt: at(0))
        limits.connected(at: at(0))
        limits.received(at: at(1))
        limits.paused(at: at(1))
        limits.paused(at: at(2))
        #expect(limits.next == at(40))
        #expect(limits.expired(at: at(30)) == nil)
        #expect(limits.expired(at: at(40)) == .totalTimeout)
        limits.unpaused(at: at(21))
        for second in 21..<30 {
            limits.received(at: at(Double(second)))
            #expect(limits.expired(at: at(Double(second) + 0.5)) == nil)
        }
        #expect(limits.next == at(30))
        #expect(limits.expired(at: at(30)) == .totalTimeout)
        limits.paused(at: at(29))
        limits.unpaused(at: at(39.5))
        #expect(limits.next == at(40))
    }

    @Test func aSecondConnectionDoesNotStartTheFirstByteAnew() {
        var limits = TransferDeadlines(timeouts, startedAt: at(0))
        limits.connected(at: at(0))
        limits.connected(at: at(1))
        #expect(limits.expired(at: at(2)) == .firstByteTimeout)
    }

    @Test func momentsDoNotOverflow() {
        let moment = Moment.now
        #expect(moment.advanced(by: .seconds(Int64.max)) > moment)
        #expect(moment.advanced(by: .seconds(-5)) == moment)
        #expect(at(1).milliseconds(since: at(2)) == 0)
        #expect(Moment(nanoseconds: 1).milliseconds(since: Moment(nanoseconds: 0)) == 1)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func theQueueIsInOrder(seed: UInt64) {
        var random = SplitMix(state: seed)
        var queue = DeadlineQueue()
        var expected: [(Int64, Int)] = []
        for id in 0..<Int.random(in: 0...200, using: &random) {
            let time = Int64.random(in: 0...50, using: &random)
            queue.schedule(id, at: Moment(nanoseconds: time))
            expected.append((time, id))
        }
        if Bool.random(using: &random) {
            queue.sweep { id, _ in id % 3 != 0 }
            expected.removeAll { $0.1 % 3 == 0 }
        }
        #expect(queue.count == expected.count, "seed \(seed)")
        var last: Int64 = -1
        var seen: Set<Int> = []
        while let moment = queue.next {
            if let early = moment.nanoseconds > 0 ? Moment(nanoseconds: moment.nanoseconds - 1) : nil {
                #expect(queue.popDue(early) == nil, "seed \(seed)")
            }
            guard let (due, id) = queue.popDue(moment) else {
                Issue.record("seed \(seed): nothing due at its own moment")
                return
            }
            #expect(due.nanoseconds >= last, "seed \(seed)")
            last = due.nanoseconds
            #expect(expected.contains { $0 == (due.nanoseconds, id) }, "seed \(seed)")
            #expect(seen.insert(id).inserted, "seed \(seed)")
        }
        #expect(seen.count == expected.count, "seed \(seed)")
    }
}
