// The state machine of a transfer by itself: no network, no threads, every order of events.

import Loops
import Testing

@testable import HTTPTransport

@Suite struct TransferMachineTests {
    private typealias Machine = TransferMachine<Int>
    private let head = ResponseHead(status: 200, fieldLines: [])

    /// A machine whose head the waiter 1 has been given.
    private func streaming(highWaterMark: Int = 100) -> Machine {
        var machine = Machine(isWhole: false, highWaterMark: highWaterMark)
        #expect(machine.begin(1).note == .start)
        #expect(deliver(&machine, head: head, []).resume?.outcome == .head(head))
        return machine
    }

    private func deliver(_ machine: inout Machine, head: ResponseHead? = nil, _ bytes: [UInt8]) -> Machine.Actions {
        var bytes = bytes
        let actions = machine.deliver(head: head, bytes: &bytes)
        #expect(bytes.isEmpty)
        return actions
    }

    @Test func headThenBytesThenEnd() {
        var machine = streaming()
        #expect(machine.poll() == nil)
        #expect(machine.wait(2, until: nil).resume == nil)
        let actions = deliver(&machine, [1, 2])
        #expect(actions.resume?.waiter == 2)
        #expect(actions.resume?.outcome == .bytes([1, 2]))
        // With nobody waiting, pieces gather and come together.
        #expect(deliver(&machine, [3]).resume == nil)
        #expect(deliver(&machine, [4]).resume == nil)
        #expect(machine.end(nil).resume == nil)
        #expect(machine.wait(3, until: nil).resume?.outcome == .bytes([3, 4]))
        #expect(machine.wait(4, until: nil).resume?.outcome == .end)
        #expect(machine.wait(5, until: nil).resume?.outcome == .end)
    }

    @Test func bytesThatArrivedComeBeforeTheFailure() {
        var machine = streaming()
        _ = deliver(&machine, [1])
        let lost = TransferFailure(.connectionLost, "x")
        #expect(machine.end(lost).resume == nil)
        #expect(machine.poll()?.outcome == .bytes([1]))
        #expect(machine.poll()?.outcome == .failed(lost))
    }

    @Test func theFirstEndCounts() {
        var machine = streaming()
        _ = machine.end(nil)
        #expect(machine.end(.shutDown).resume == nil)
        #expect(machine.cancel().note == nil)
        #expect(machine.poll()?.outcome == .end)

        machine = streaming()
        _ = deliver(&machine, [1])
        #expect(machine.cancel().note == .cancel)
        #expect(machine.cancel().note == nil)
        #expect(machine.end(nil).resume == nil)
        #expect(deliver(&machine, [2]).resume == nil)
        #expect(machine.poll()?.outcome == .failed(.cancelled))
    }

    @Test func cancellingAfterTheEndLosesNothing() {
        var machine = streaming()
        _ = deliver(&machine, [1, 2])
        _ = machine.end(nil)
        _ = machine.cancel()
        #expect(machine.poll()?.outcome == .bytes([1, 2]))
        #expect(machine.poll()?.outcome == .end)
    }

    @Test func aCancelledWaiterIsToldAtOnce() {
        var machine = Machine(isWhole: false, highWaterMark: 100)
        _ = machine.begin(1)
        let actions = machine.cancel()
        #expect(actions.resume?.waiter == 1)
        #expect(actions.resume?.outcome == .failed(.cancelled))
        #expect(actions.note == .cancel)
    }

    @Test func cancelledBeforeItBeganStartsNothing() {
        var machine = Machine(isWhole: true, highWaterMark: 100)
        #expect(machine.cancel().note == nil)
        let actions = machine.begin(1)
        #expect(actions.note == nil)
        #expect(actions.resume?.outcome == .failed(.cancelled))
    }

    @Test func aWholeResponseWakesOnce() {
        var machine = Machine(isWhole: true, highWaterMark: 1)
        _ = machine.begin(1)
        #expect(deliver(&machine, head: head, [1]).resume == nil)
        let second = deliver(&machine, [2, 3])
        #expect(second.resume == nil && !second.pause)
        #expect(machine.end(nil).resume?.outcome == .whole(head, [1, 2, 3]))
        #expect(machine.end(nil).resume == nil)
    }

    @Test func pausesAboveTheMarkAndGoesOnWhenRead() {
        var machine = streaming(highWaterMark: 3)
        #expect(!deliver(&machine, [1, 2]).pause)
        #expect(deliver(&machine, [3]).pause)
        // What still trickles in does not pause again.
        #expect(!deliver(&machine, [4]).pause)
        let (outcome, note) = machine.poll() ?? (.end, nil)
        #expect(outcome == .bytes([1, 2, 3, 4]))
        #expect(note == .unpause)
        #expect(machine.poll() == nil)
        #expect(!machine.isPaused)
    }

    @Test func aWaiterThatTakesEverythingKeepsTheConnectionReading() {
        var machine = streaming(highWaterMark: 3)
        _ = machine.wait(2, until: nil)
        let actions = deliver(&machine, [1, 2, 3, 4])
        #expect(actions.resume?.outcome == .bytes([1, 2, 3, 4]))
        #expect(!actions.pause)
    }

    @Test func patience() {
        var machine = streaming()
        let first = machine.wait(2, until: Moment(nanoseconds: 10))
        #expect(first.note == .watchPatience(Moment(nanoseconds: 10)))
        _ = deliver(&machine, [1])
        // The loop will look at 10 anyway: a later patience needs no note.
        #expect(machine.wait(3, until: Moment(nanoseconds: 20)).note == nil)
        let early = machine.checkPatience(Moment(nanoseconds: 10))
        #expect(early.actions.resume == nil && early.next == Moment(nanoseconds: 20))
        let late = machine.checkPatience(Moment(nanoseconds: 20))
        #expect(late.actions.resume?.outcome == .nothingYet && late.next == nil)
        // An earlier one does.
        #expect(machine.wait(4, until: Moment(nanoseconds: 90)).note != nil)
        _ = deliver(&machine, [1])
        #expect(machine.wait(5, until: Moment(nanoseconds: 30)).note == .watchPatience(Moment(nanoseconds: 30)))
        #expect(!machine.isEnded)
    }

    @Test func twoReadersAreTold() {
        var machine = streaming()
        _ = machine.wait(2, until: nil)
        guard case .failed(let failure)? = machine.wait(3, until: nil).resume?.outcome else {
            Issue.record("the second reader was left waiting")
            return
        }
        #expect(failure.kind == .other)
        #expect(deliver(&machine, [1]).resume?.waiter == 2)
    }

    /// Random orders of everything: no waiter is told twice or left behind at the end, bytes keep their order, a pause
    /// is followed by one unpause, a cancel note is sent at most once and never after an end.
    @Test(arguments: 0..<400 as Range<UInt64>)
    func randomOrders(seed: UInt64) {
        var random = SplitMix(state: seed)
        let isWhole = seed % 4 == 0
        var machine = Machine(isWhole: isWhole, highWaterMark: Int.random(in: 1...8, using: &random))
        var model = Model()
        model.take(machine.begin(model.newWaiter()))
        var clock: Int64 = 0
        for _ in 0..<60 {
            clock += 1
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                let isFirst = !model.hasHead
                if !machine.isEnded { model.hasHead = true }
                var bytes = (0..<Int.random(in: 0...4, using: &random)).map { _ in model.newByte(machine.isEnded) }
                model.take(machine.deliver(head: isFirst ? head : nil, bytes: &bytes), fromLoop: true)
            case 2, 3, 4:
                guard model.waiting.isEmpty, model.gotHead, !isWhole else { break }
                let limit = Bool.random(using: &random) ? Moment(nanoseconds: clock + 5) : nil
                model.take(machine.wait(model.newWaiter(), until: limit))
            case 5:
                model.take(machine.checkPatience(Moment(nanoseconds: clock)).actions)
            case 6 where Int.random(in: 0..<6, using: &random) == 0:
                if !machine.isEnded { model.wasCancelled = true }
                model.take(machine.cancel())
            case 7 where Int.random(in: 0..<6, using: &random) == 0:
                if !machine.isEnded { model.wasEnded = true }
                let failure = Bool.random(using: &random) ? TransferFailure(.connectionLost, "x") : nil
                model.take(machine.end(failure))
            default: break
            }
        }
        if !machine.isEnded { model.wasEnded = true }
        model.take(machine.end(nil))
        #expect(model.waiting.isEmpty, "seed \(seed)")
        #expect(model.problems == [], "seed \(seed)")
        while model.gotHead, !isWhole, case .bytes(let bytes)? = machine.poll()?.outcome { model.received += bytes }
        let sent = model.sent
        if model.wasCancelled || isWhole {
            #expect(sent.starts(with: model.received), "seed \(seed)")
        } else if model.gotHead {
            #expect(model.received == sent, "seed \(seed)")
        }
        #expect(model.cancelNotes == (model.wasCancelled ? 1 : 0), "seed \(seed)")
    }

    /// What the outside of a machine has seen.
    private struct Model {
        var waiting: Set<Int> = []
        var problems: [String] = []
        var sent: [UInt8] = []
        var received: [UInt8] = []
        var hasHead = false
        var gotHead = false
        var wasCancelled = false
        var wasEnded = false
        var cancelNotes = 0
        var isPaused = false
        private var lastWaiter = 0

        mutating func newWaiter() -> Int {
            lastWaiter += 1
            waiting.insert(lastWaiter)
            return lastWaiter
        }

        mutating func newByte(_ isLost: Bool) -> UInt8 {
            let byte = UInt8(truncatingIfNeeded: sent.count)
            if !isLost { sent.append(byte) }
            return byte
        }

        mutating func take(_ actions: TransferMachine<Int>.Actions, fromLoop: Bool = false) {
            if actions.pause {
                if !fromLoop || isPaused { problems.append("paused wrongly") }
                isPaused = true
            }
            switch actions.note {
            case .unpause:
                if !isPaused { problems.append("unpaused what was not paused") }
                isPaused = false
            case .cancel:
                cancelNotes += 1
            default: break
            }
            guard let (waiter, outcome) = actions.resume else { return }
            if waiting.remove(waiter) == nil { problems.append("waiter \(waiter) was told twice") }
            switch outcome {
            case .head: gotHead = true
            case .bytes(let bytes): received += bytes
            case .whole(_, let bytes): received += bytes
            default: break
            }
        }
    }
}

/// A small random source whose seed can be printed and used again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
