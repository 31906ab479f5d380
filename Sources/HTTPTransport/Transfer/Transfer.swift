// The thin shell around a transfer's state machine: a lock, continuations, the way to the loop.

import Loops
import Synchronization

/// One transfer as its reader and its loop share it. Every call asks the machine under the lock and does what it says
/// after the lock is open.
final class Transfer: Sendable {
    typealias Waiter = CheckedContinuation<TransferOutcome, Never>
    typealias Machine = TransferMachine<Waiter>

    let id: Int
    let request: PreparedRequest
    /// Bytes of a body that `fetch` accepts; unlimited for streams, which are bounded by pausing.
    let bodyLimit: Int
    let isWhole: Bool
    /// Pending bytes of a stream above which its reading stops.
    let highWaterMark: Int
    private let mailbox: Mailbox
    private let machine: Mutex<Machine>

    init(id: Int, request: PreparedRequest, mailbox: Mailbox, isWhole: Bool, bodyLimit: Int, highWaterMark: Int) {
        self.id = id
        self.request = request
        self.mailbox = mailbox
        self.isWhole = isWhole
        self.bodyLimit = bodyLimit
        self.highWaterMark = highWaterMark
        machine = Mutex(Machine(isWhole: isWhole, highWaterMark: highWaterMark))
    }

    // MARK: - The reader's side

    /// Starts the transfer and waits for the head or the whole. Cancelling the task cancels the transfer.
    func begin() async -> TransferOutcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                perform(machine.withLock { $0.begin(waiter) })
            }
        } onCancel: {
            cancel()
        }
    }

    /// Waits for bytes or the end. Cancelling the task cancels the transfer.
    func next(patience: Duration?) async -> TransferOutcome {
        if Task.isCancelled { cancel() }
        if let (outcome, note) = machine.withLock({ $0.poll() }) {
            if let note { send(note) }
            return outcome
        }
        let limit = patience.map { Moment.now.advanced(by: $0) }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                perform(machine.withLock { $0.wait(waiter, until: limit) })
            }
        } onCancel: {
            cancel()
        }
    }

    func cancel() {
        perform(machine.withLock { $0.cancel() })
    }

    /// Whether the loop had come to the point of no return when the transfer ended.
    var isCommitted: Bool { machine.withLock { $0.isCommitted } }

    // MARK: - The loop's side

    /// See `TransferMachine.commit`.
    func commit() -> Bool {
        machine.withLock { $0.commit() }
    }

    var isEnded: Bool { machine.withLock { $0.isEnded } }

    var isPaused: Bool { machine.withLock { $0.isPaused } }

    /// Hands over what has arrived. Says whether the loop has to stop reading from the connection, and how many bytes
    /// the reader has not taken yet.
    func deliver(head: ResponseHead?, bytes: inout [UInt8]) -> (pause: Bool, pending: Int) {
        let (actions, pending) = machine.withLock { machine in
            let actions = machine.deliver(head: head, bytes: &bytes)
            return (actions, machine.pending.count)
        }
        perform(actions)
        return (actions.pause, pending)
    }

    /// Hands over the last bytes together with the end, so that the reader is woken once.
    func end(head: ResponseHead?, bytes: inout [UInt8], failure: TransferFailure?) {
        let (delivered, ended) = machine.withLock { machine in
            let delivered = machine.deliver(head: head, bytes: &bytes)
            return (delivered, machine.end(failure))
        }
        perform(delivered)
        perform(ended)
    }

    /// Ends what the loop never began.
    func end(_ failure: TransferFailure) {
        perform(machine.withLock { $0.end(failure) })
    }

    /// Looks whether the reader's patience is over; returns when to look again.
    func checkPatience(_ now: Moment) -> Moment? {
        let (actions, next) = machine.withLock { $0.checkPatience(now) }
        perform(actions)
        return next
    }

    // MARK: - Doing what the machine said

    private func perform(_ actions: Machine.Actions) {
        if let note = actions.note { send(note) }
        if let (waiter, outcome) = actions.resume { waiter.resume(returning: outcome) }
    }

    private func send(_ note: LoopNote) {
        guard !mailbox.post(note, to: self), note == .start else { return }
        // A closed mailbox takes nothing in: only a start has somebody waiting who would not be told.
        perform(machine.withLock { $0.end(.shutDown) })
    }
}
