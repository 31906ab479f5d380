// The token bucket, the plan of a claim, the fates of rows and the order of channels: what is pure.

import Testing

@testable import Notifications

@Suite struct PaceTests {
    /// Whatever the times at which a sender asks: never more than the limit in any 60 s, and not much less over time.
    @Test(arguments: [1, 2, 3, 4, 7, 20, 21, 60, 600])
    func noMinuteHasMoreThanTheLimit(limit: Int) {
        let seed = UInt64.random(in: 0 ... .max)
        var numbers = PlainNumbers(seed: seed)
        let rule = PaceRule(limit: limit)
        var pace = Pace(channel: 1, tokens: 1_000_000, refilledAt: 0, blockedUntil: 0)
        var sent: [Int64] = []
        var now: Int64 = 0
        let end: Int64 = 20 * 60_000
        while now < end {
            pace.refill(rule, now: now)
            if pace.tokens >= 1 {
                pace.tokens -= 1
                sent.append(now)
            } else if numbers.next() % 20 == 0 {
                now += Int64(numbers.next() % 90_000)
            } else {
                now = pace.readyAt(rule, now: now)
            }
        }
        var first = 0
        for (index, time) in sent.enumerated() {
            while sent[first] <= time - 60_000 { first += 1 }
            #expect(index - first + 1 <= limit, "limit \(limit), seed \(seed)")
        }
        #expect(rule.refill * 60_000 >= Double(limit) * 0.7)
    }

    @Test func aClockThatGoesBackGivesNothingTwice() {
        let rule = PaceRule(limit: 20)
        var pace = Pace(channel: 1, tokens: 0, refilledAt: 100_000, blockedUntil: 0)
        pace.refill(rule, now: 40_000)
        #expect(pace.tokens == 0)
        pace.refill(rule, now: 100_000)
        #expect(pace.tokens == 0)
        pace.refill(rule, now: 110_000)
        #expect(pace.tokens > 1)
    }

    @Test func pausesDoubleUpToTheirBound() {
        let rule = RetryRule()
        #expect(
            (1...12).map { rule.pause(afterAttempts: $0, jitter: 0) / 1000 }
                == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
        )
        #expect(rule.pause(afterAttempts: 1, jitter: 1) == 2_500)
        #expect(rule.pause(afterAttempts: 1, wish: .seconds(90), jitter: 0.5) == 90_000)
        #expect(rule.pause(afterAttempts: 1, wish: .seconds(1), jitter: 0) == 5_000)
        #expect(rule.pause(afterAttempts: 1, wish: .seconds(1e18), jitter: 0) == rule.longestWish)
        #expect(rule.pause(afterAttempts: .max, wish: .seconds(-5), jitter: 0) == 3_600_000)
    }

    @Test func channelsThatWaitedLongestBeginFirst() {
        var state = DispatchState()
        let due = (1...5).map { DueChannel(id: $0, dueAt: 0) }
        #expect(state.begin(due, now: 10, atOnce: 2).channels == [1, 2])
        #expect(state.begin(due, now: 10, atOnce: 2).channels == [])
        state.end(1)
        #expect(state.begin(due, now: 10, atOnce: 2).channels == [3])
        state.end(2)
        state.end(3)
        #expect(state.begin(due, now: 10, atOnce: 2).channels == [4, 5])
    }

    @Test func aRestingChannelIsLeftAloneUntilItsTime() {
        var state = DispatchState()
        let due = [DueChannel(id: 1, dueAt: 0), DueChannel(id: 2, dueAt: 70)]
        _ = state.begin(due, now: 10, atOnce: 9)
        state.end(1, restUntil: 50)
        let second = state.begin(due, now: 20, atOnce: 9)
        #expect(second.channels == [])
        #expect(second.wakeAt == 50)
        #expect(state.begin(due, now: 50, atOnce: 9).channels == [1])
        #expect(state.failed(1, first: 2, longest: 5) == 2)
        #expect(state.failed(1, first: 2, longest: 5) == 4)
        #expect(state.failed(1, first: 2, longest: 5) == 5)
        state.succeeded(1)
        #expect(state.failed(1, first: 2, longest: 5) == 2)
    }
}

@Suite struct ClaimPlanTests {
    private func row(_ id: Int64, _ receiver: String = "", rank: Int64 = 2, due: Int64 = 0, id messageID: String? = nil)
        -> DueRow
    {
        DueRow(id: id, receiver: receiver, rank: rank, dueAt: due, messageID: messageID)
    }

    private func bounds(_ tokens: Int?, messages: Int = 100, threshold: Int = 10) -> ClaimBounds {
        ClaimBounds(tokens: tokens, messages: messages, digestThreshold: threshold, digestLimit: 1_000)
    }

    @Test func fewRowsGoOneByOneInTheirOrder() {
        let rows = [row(3, due: 5), row(1, due: 9), row(2, due: 1)]
        #expect(ClaimPlan.messages(rows, bounds(nil)).map(\.ids) == [[2], [3], [1]])
    }

    @Test func moreThanTheThresholdGoTogether() {
        let rows = (1...11).map { row($0) }
        #expect(ClaimPlan.messages(rows, bounds(nil)).map(\.ids) == [Array(1...11)])
        #expect(ClaimPlan.messages(Array(rows.prefix(10)), bounds(nil)).count == 10)
        #expect(ClaimPlan.messages(rows, bounds(nil, threshold: 0)).count == 11)
    }

    @Test func moreThanTheTokensGoTogether() {
        let rows = (1...4).map { row($0) }
        #expect(ClaimPlan.messages(rows, bounds(3)).map(\.ids) == [[1, 2, 3, 4]])
        #expect(ClaimPlan.messages(rows, bounds(4)).count == 4)
        #expect(ClaimPlan.messages(rows, bounds(4, messages: 1)).map(\.ids) == [[1]])
    }

    @Test func receiversNeverMixAndTheWorstGoFirst() {
        let rows =
            (1...20).map { row($0, "ann", rank: 3) } + (21...25).map { row($0, "bob", rank: 2, due: 4) }
            + [row(26, "eve", rank: 0, due: 9)]
        let scarce = ClaimPlan.messages(rows, bounds(2))
        #expect(scarce.map(\.receiver) == ["eve", "bob"])
        #expect(scarce.map(\.ids) == [[26], Array(21...25)])
        let plenty = ClaimPlan.messages(rows, bounds(7))
        #expect(plenty.map(\.receiver) == ["ann"] + Array(repeating: "bob", count: 5) + ["eve"])
    }

    @Test func whatMayHaveArrivedGoesAsItWent() {
        let rows = [row(1, id: "digest-1-1"), row(2, id: "digest-1-1"), row(3), row(4, id: "notice-4")]
        let messages = ClaimPlan.messages(rows, bounds(1, messages: 9))
        #expect(messages.count == 1)
        let all = ClaimPlan.messages(rows, bounds(nil, threshold: 1))
        #expect(Set(all.map(\.ids)) == [[1, 2], [3], [4]])
        #expect(Set(all.map(\.messageID)) == ["digest-1-1", nil, "notice-4"])
    }

    /// Any rows, any bounds: each row in one message at the most, receivers apart, no more messages than allowed.
    @Test func randomRowsKeepTheRules() {
        let seed = UInt64.random(in: 0 ... .max)
        var numbers = PlainNumbers(seed: seed)
        for _ in 0..<500 {
            let rows = (0..<Int64.random(in: 0...60, using: &numbers)).map { id in
                row(
                    id + 1,
                    ["ann", "bob", "eve"].randomElement(using: &numbers) ?? "",
                    rank: .random(in: 0...3, using: &numbers),
                    due: .random(in: 0...9, using: &numbers),
                    id: Int.random(in: 0...5, using: &numbers) == 0 ? "m\(id / 4)" : nil
                )
            }
            let limits = bounds(
                Bool.random(using: &numbers) ? .random(in: 1...20, using: &numbers) : nil,
                messages: .random(in: 1...20, using: &numbers),
                threshold: .random(in: 0...12, using: &numbers)
            )
            let messages = ClaimPlan.messages(rows, limits)
            let byID = Dictionary(rows.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            #expect(messages.isEmpty == rows.isEmpty, "seed \(seed)")
            #expect(messages.count <= min(limits.messages, limits.tokens ?? .max), "seed \(seed)")
            #expect(Set(messages.flatMap(\.ids)).count == messages.flatMap(\.ids).count, "seed \(seed)")
            for message in messages {
                #expect(message.ids.allSatisfy { byID[$0]?.receiver == message.receiver }, "seed \(seed)")
                #expect(message.ids.allSatisfy { byID[$0]?.messageID == message.messageID }, "seed \(seed)")
            }
        }
    }
}

/// Numbers that come again with the same seed (xorshift).
struct PlainNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
