// A minute that slides: never more than the limit in any 60 seconds, exact waits, debts that are paid.

import Testing

@testable import Conversation

@Suite struct MinuteWindowTests {
    @Test func whatIsTakenCountsForAMinute() {
        var window = MinuteWindow()
        window.take(3, at: 10_100)
        #expect(window.wait(for: 1, limit: 3, at: 10_100) == 60_150)
        #expect(window.reset(at: 10_100) == 60_150)
        window.advance(to: 70_249)
        #expect(window.sum == 3)
        window.advance(to: 70_250)
        #expect(window.sum == 0 && window.entries.isEmpty)
    }

    @Test func theWaitIsForAsMuchAsIsNeeded() {
        var window = MinuteWindow()
        window.take(2, at: 0)
        window.take(2, at: 10_000)
        #expect(window.wait(for: 1, limit: 5, at: 10_000) == 0)
        #expect(window.wait(for: 2, limit: 5, at: 10_000) == 50_250)
        #expect(window.wait(for: 4, limit: 5, at: 10_000) == 60_250)
        #expect(window.wait(for: 6, limit: 5, at: 10_000) == nil)
    }

    @Test func whatWasNotUsedIsGivenBack() {
        var window = MinuteWindow()
        window.take(40, at: 0)
        window.take(10, at: 500)
        window.giveBack(30, takenAt: 0)
        #expect(window.sum == 20)
        window.giveBack(30, takenAt: 500)
        #expect(window.sum == 10)
        // It has left the window by itself.
        window.advance(to: 100_000)
        window.giveBack(10, takenAt: 0)
        #expect(window.sum == 0)
    }

    @Test func aDebtDelaysForAsLongAsItIsWorth() {
        var window = MinuteWindow()
        window.take(50, at: 0)
        window.owe(950, limit: 100, at: 1_000)
        #expect(window.sum == 1000)
        var minutes = 0
        for minute in 1...20 {
            window.advance(to: Int64(minute) * 60_250)
            if window.wait(for: 100, limit: 100, at: Int64(minute) * 60_250) != 0 { minutes = minute }
        }
        #expect(minutes == 9 || minutes == 10)
        #expect(window.sum == 0)
    }

    @Test func debtsAddUp() {
        var window = MinuteWindow()
        for _ in 0..<10 { window.owe(100, limit: 100, at: 0) }
        #expect(window.sum == 1000)
        #expect(window.entries.allSatisfy { $0.amount == 100 })
        #expect(window.reset(at: 0) == 10 * 60_250)
        window.owe(.max / 8, limit: 1, at: 0)
        #expect(window.entries.count <= 24 * 60 + 1)
    }

    @Test func timesAreWrittenAsOpenAIDoes() {
        let texts = [
            (0, "0s"), (20, "20ms"), (999, "999ms"), (1000, "1s"), (1500, "1.5s"), (360_000, "6m0s"),
            (61_050, "1m1.05s"), (3_600_000, "1h0m0s"), (-5, "0s"),
        ]
        for (milliseconds, text) in texts { #expect(LimitStanding.text(Int64(milliseconds)) == text) }
    }
}
