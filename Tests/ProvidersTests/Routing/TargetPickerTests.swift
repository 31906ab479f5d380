// Who of equals is asked: weights hold, load counts, nobody starves.

import Providers
import Testing

@Suite struct TargetPickerTests {
    private typealias Candidate = TargetPicker.Candidate

    @Test func theLeastLoadedForItsWeight() {
        var chance = SeededChance(1)
        let candidates = [
            Candidate(weight: 1, inFlight: 2), Candidate(weight: 4, inFlight: 5), Candidate(weight: 1, inFlight: 3),
        ]
        for _ in 0..<20 {
            let picked = TargetPicker.pick(candidates, using: &chance)
            #expect(picked == 1)
        }
    }

    @Test func withoutWeightOnlyWhenNobodyElseIsThere() {
        var chance = SeededChance(1)
        let idle = Candidate(weight: 0, inFlight: 0)
        let first = TargetPicker.pick([idle, Candidate(weight: 1, inFlight: 50)], using: &chance)
        #expect(first == 1)
        let second = TargetPicker.pick([idle], using: &chance)
        #expect(second == 0)
        let none = TargetPicker.pick([], using: &chance)
        #expect(none == nil)
    }

    /// Calls one by one: shares are as the weights, and everybody has one.
    @Test(arguments: 1...10 as ClosedRange<UInt64>) func weightsHoldOneByOne(seed: UInt64) {
        var chance = SeededChance(seed)
        let weights = (0..<Int.random(in: 2...5, using: &chance)).map { _ in Int.random(in: 1...9, using: &chance) }
        let candidates = weights.map { Candidate(weight: $0, inFlight: 0) }
        var counts = weights.map { _ in 0 }
        let rounds = 20_000
        for _ in 0..<rounds { counts[TargetPicker.pick(candidates, using: &chance) ?? 0] += 1 }
        let total = weights.reduce(0, +)
        for (weight, count) in zip(weights, counts) {
            let wanted = Double(weight) / Double(total)
            #expect(abs(Double(count) / Double(rounds) - wanted) < 0.02, "seed \(seed) \(weights) \(counts)")
        }
    }

    /// Many at once: what runs is shared as the weights, within one round of each.
    @Test(arguments: 1...10 as ClosedRange<UInt64>) func weightsHoldAtOnce(seed: UInt64) {
        var chance = SeededChance(seed)
        let weights = (0..<Int.random(in: 2...5, using: &chance)).map { _ in Int.random(in: 1...9, using: &chance) }
        let total = weights.reduce(0, +)
        var running = weights.map { _ in 0 }
        for _ in 0..<(total * 10) {
            let candidates = zip(weights, running).map { Candidate(weight: $0, inFlight: $1) }
            running[TargetPicker.pick(candidates, using: &chance) ?? 0] += 1
        }
        #expect(running == weights.map { $0 * 10 }, "seed \(seed)")
    }

    /// Rounds begin and end by chance: everybody with a weight has his part.
    @Test(arguments: 1...10 as ClosedRange<UInt64>) func neverStarves(seed: UInt64) {
        var chance = SeededChance(seed)
        let weights = (0..<4).map { _ in Int.random(in: 1...5, using: &chance) }
        var running = weights.map { _ in 0 }
        var counts = weights.map { _ in 0 }
        for _ in 0..<5000 {
            if Bool.random(using: &chance) {
                let candidates = zip(weights, running).map { Candidate(weight: $0, inFlight: $1) }
                let index = TargetPicker.pick(candidates, using: &chance) ?? 0
                running[index] += 1
                counts[index] += 1
            } else if let index = running.indices.filter({ running[$0] > 0 }).randomElement(using: &chance) {
                running[index] -= 1
            }
        }
        let total = weights.reduce(0, +)
        for (weight, count) in zip(weights, counts) {
            #expect(count > 5000 / 2 * weight / total / 3, "seed \(seed) \(weights) \(counts)")
        }
    }

    @Test func pausesDoubleWithJitterAndACap() {
        var chance = SeededChance(3)
        for (attempt, whole) in [(1, 250), (2, 500), (3, 1000), (5, 4000), (6, 5000), (100, 5000)] {
            let pauses = (0..<200).map { _ in BackOff.pause(before: attempt, using: &chance) }
            #expect(pauses.allSatisfy { $0 >= .milliseconds(whole / 2) && $0 <= .milliseconds(whole) })
            #expect(Set(pauses).count > 100)
        }
    }
}
