// How others speak to a loop's transfers: a list under a lock, and a word to the loop when it sleeps.

import Loops
import Synchronization

/// Notes for the transfers of one loop.
final class Mailbox: Sendable {
    struct Letter: Sendable {
        var transfer: Transfer
        var note: LoopNote
    }

    private struct State {
        var letters: [Letter] = []
        /// No more transfers; who reads this leaves when they see it.
        var isClosed = false
        var hasLeft = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let loop: EventLoop
    private let state = Mutex(State())

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// Transfers that wait to be started.
    var startCount: Int { state.withLock { $0.letters.count { $0.note == .start } } }

    /// Leaves a note. False when none is taken any more.
    func post(_ note: LoopNote, to transfer: Transfer) -> Bool {
        let isOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            state.letters.append(Letter(transfer: transfer, note: note))
            return true
        }
        if isOpen { loop.wake() }
        return isOpen
    }

    /// Lets nobody in any more and has the loop's transfers end. Idempotent.
    func close() {
        state.withLock { $0.isClosed = true }
        loop.wake()
    }

    /// Returns when all transfers have ended. For after `close`.
    func left() async {
        await withCheckedContinuation { waiter in
            let hasLeft = state.withLock { state in
                if !state.hasLeft { state.waiters.append(waiter) }
                return state.hasLeft
            }
            if hasLeft { waiter.resume() }
        }
    }

    // MARK: The loop's calls

    /// Whether there is nothing to read, nor a reason to leave.
    var isEmpty: Bool { state.withLock { $0.letters.isEmpty && (!$0.isClosed || $0.hasLeft) } }

    /// All letters, and whether this is the end.
    func takeAll() -> (letters: [Letter], isClosed: Bool) {
        state.withLock { state in
            var letters: [Letter] = []
            swap(&letters, &state.letters)
            return (letters, state.isClosed)
        }
    }

    /// There are no transfers any more, and there will be none.
    func hasLeft() {
        let waiters = state.withLock { state in
            state.isClosed = true
            state.hasLeft = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
