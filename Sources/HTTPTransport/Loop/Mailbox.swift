// How other threads speak to a loop: a list under a lock, and one write to an eventfd when the loop sleeps.

import CCurl
import Glibc
import Synchronization

/// Notes for one loop. The eventfd is written only when the loop is asleep (or about to fall asleep) and nobody has
/// woken it yet, so a burst of notes costs one system call.
final class Mailbox: Sendable {
    struct Letter: Sendable {
        var transfer: Transfer
        var note: LoopNote
    }

    private struct State {
        var letters: [Letter] = []
        var isLoopAsleep = false
        /// No more transfers; the loop leaves when it sees this.
        var isClosed = false
    }

    /// Registered edge-triggered by the loop: every write is one event, and nobody needs to read it.
    let wakeDescriptor: Int32
    private let state = Mutex(State())

    /// - Throws: `.other` when the system has no descriptor left.
    init() throws(TransferFailure) {
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard wakeDescriptor >= 0 else {
            throw TransferFailure(.other, "no eventfd: errno \(errno)")
        }
    }

    deinit {
        Glibc.close(wakeDescriptor)
    }

    /// Transfers that wait to be started.
    var startCount: Int { state.withLock { $0.letters.count { $0.note == .start } } }

    /// Leaves a note. False when the loop takes no more.
    func post(_ note: LoopNote, to transfer: Transfer) -> Bool {
        let (isOpen, mustWake) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.letters.append(Letter(transfer: transfer, note: note))
            defer { state.isLoopAsleep = false }
            return (true, state.isLoopAsleep)
        }
        if mustWake { wake() }
        return isOpen
    }

    /// Lets nobody in any more and has the loop leave. Idempotent.
    func close() {
        state.withLock { $0.isClosed = true }
        wake()
    }

    /// All letters, and whether the loop has to leave after them. The loop's call.
    func takeAll() -> (letters: [Letter], isClosed: Bool) {
        state.withLock { state in
            state.isLoopAsleep = false
            var letters: [Letter] = []
            swap(&letters, &state.letters)
            return (letters, state.isClosed)
        }
    }

    /// Says that the loop is about to sleep. False when there is something to do first.
    func mayFallAsleep() -> Bool {
        state.withLock { state in
            guard state.letters.isEmpty, !state.isClosed else { return false }
            state.isLoopAsleep = true
            return true
        }
    }

    private func wake() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
    }
}
