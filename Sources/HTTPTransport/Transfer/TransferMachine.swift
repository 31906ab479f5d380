// The states of one transfer between its reader and its loop, as a value that says what to do next.

import Loops

/// What a waiting reader is told.
enum TransferOutcome: Sendable, Equatable {
    /// The response has begun.
    case head(ResponseHead)
    /// All bytes that were there.
    case bytes([UInt8])
    /// Patience ran out; the transfer runs on.
    case nothingYet
    /// The body came to its proper end.
    case end
    /// The whole response of a transfer that is delivered at once.
    case whole(ResponseHead, [UInt8])
    case failed(TransferFailure)
}

/// What the reader's side asks of the loop.
enum LoopNote: Sendable, Equatable {
    case start
    /// Remove the transfer at once.
    case cancel
    /// Room again: read on.
    case unpause
    /// Look at the reader's patience at that moment.
    case watchPatience(Moment)
}

/// The states of one transfer as the reader and the loop share them. `Waiter` is whatever can be told an outcome once:
/// a continuation in the program, a number in the tests.
///
/// Two rules hold by construction. A waiter leaves the machine in the moment it is given an outcome, so none is told
/// twice. The first of `end` and `cancel` decides how the transfer ended; whatever comes later changes nothing.
struct TransferMachine<Waiter> {
    /// What has to be done after the lock is open again.
    struct Actions {
        /// Tell this waiter.
        var resume: (waiter: Waiter, outcome: TransferOutcome)?
        /// Put this into the loop's mailbox.
        var note: LoopNote?
        /// Stop reading from the connection. Only after `deliver`, so the loop is the one who does it.
        var pause = false
    }

    enum Phase: Equatable {
        case idle
        case running
        /// How it ended: nil for a proper end.
        case ended(TransferFailure?)
    }

    /// True when everything is handed over at the end (`fetch`).
    let isWhole: Bool
    /// More pending bytes than this stop the reading.
    let highWaterMark: Int

    private(set) var phase = Phase.idle
    private(set) var isPaused = false
    /// What comes next cannot be taken back (the end of a mail).
    private(set) var isCommitted = false
    private var head: ResponseHead?
    private var isHeadTaken = false
    private(set) var pending: [UInt8] = []
    private var waiter: Waiter?
    /// When the waiter's patience ends.
    private var patience: Moment?
    /// When the loop will look at the patience next.
    private var patienceWatch: Moment?

    init(isWhole: Bool, highWaterMark: Int) {
        self.isWhole = isWhole
        self.highWaterMark = highWaterMark
    }

    /// Nobody needs the transfer any more, or it is over.
    var isEnded: Bool {
        if case .ended = phase { true } else { false }
    }
}

// MARK: - The reader's side

extension TransferMachine {
    /// Starts the transfer; the waiter will be told the head, the whole response or the failure.
    mutating func begin(_ waiter: Waiter) -> Actions {
        switch phase {
        case .idle:
            phase = .running
            self.waiter = waiter
            return Actions(note: .start)
        case .running:
            return Actions(resume: (waiter, .failed(TransferFailure(.other, "the transfer was begun twice"))))
        case .ended(let failure):
            return Actions(resume: (waiter, .failed(failure ?? .cancelled)))
        }
    }

    /// What can be said without waiting; nil when the reader has to wait.
    mutating func poll() -> (outcome: TransferOutcome, note: LoopNote?)? {
        if !pending.isEmpty {
            var taken: [UInt8] = []
            swap(&taken, &pending)
            let wasPaused = isPaused
            isPaused = false
            return (.bytes(taken), wasPaused ? .unpause : nil)
        }
        guard case .ended(let failure) = phase else { return nil }
        return (failure.map(TransferOutcome.failed) ?? .end, nil)
    }

    /// Waits for the next bytes or the end, until `patience` when there is one.
    mutating func wait(_ waiter: Waiter, until patience: Moment?) -> Actions {
        if let (outcome, note) = poll() {
            return Actions(resume: (waiter, outcome), note: note)
        }
        guard self.waiter == nil else {
            return Actions(resume: (waiter, .failed(TransferFailure(.other, "two readers wait for one transfer"))))
        }
        self.waiter = waiter
        self.patience = patience
        // The loop looks once at the earliest moment asked for and moves on from there, so that a reader whose
        // patience is seldom used up costs the loop one note in a while, not one a batch.
        guard let patience, patienceWatch.map({ patience < $0 }) ?? true else { return Actions() }
        patienceWatch = patience
        return Actions(note: .watchPatience(patience))
    }

    /// The reader wants no more. What was pending is dropped, unless the transfer had ended: a proper end may not come
    /// without the bytes before it, or a part would look like the whole.
    mutating func cancel() -> Actions {
        guard !isEnded else { return Actions() }
        let wasRunning = phase == .running
        pending = []
        var actions = end(.cancelled)
        actions.note = wasRunning ? .cancel : nil
        return actions
    }
}

// MARK: - The loop's side

extension TransferMachine {
    /// Takes what has arrived since the last time. `bytes` is left empty, perhaps with storage to use again.
    mutating func deliver(head newHead: ResponseHead?, bytes: inout [UInt8]) -> Actions {
        guard case .running = phase else {
            bytes = []
            return Actions()
        }
        if let newHead { head = newHead }
        append(&bytes)
        var actions = Actions()
        if !isWhole { actions.resume = outcomeForWaiter() }
        if !isWhole, !isPaused, pending.count >= highWaterMark {
            isPaused = true
            actions.pause = true
        }
        return actions
    }

    /// The transfer is over: properly when `failure` is nil. Bytes that are pending can still be read. The first end
    /// counts.
    mutating func end(_ failure: TransferFailure?) -> Actions {
        guard !isEnded else { return Actions() }
        phase = .ended(failure)
        isPaused = false
        if isWhole {
            guard let waiter = takeWaiter() else { return Actions() }
            if let failure { return Actions(resume: (waiter, .failed(failure))) }
            guard let head else {
                return Actions(resume: (waiter, .failed(TransferFailure(.protocolError, "no response head"))))
            }
            var body: [UInt8] = []
            swap(&body, &pending)
            return Actions(resume: (waiter, .whole(head, body)))
        }
        return Actions(resume: outcomeForWaiter())
    }

    /// The loop is about to do what cannot be taken back. False when nobody wants it any more; whoever is told the end
    /// later can rely on `isCommitted`.
    mutating func commit() -> Bool {
        guard !isEnded else { return false }
        isCommitted = true
        return true
    }

    /// The moment asked for has come: ends the waiter's patience, or says when to look again.
    mutating func checkPatience(_ now: Moment) -> (actions: Actions, next: Moment?) {
        patienceWatch = nil
        guard waiter != nil, let patience else { return (Actions(), nil) }
        if patience <= now, let waiter = takeWaiter() {
            return (Actions(resume: (waiter, .nothingYet)), nil)
        }
        patienceWatch = patience
        return (Actions(), patience)
    }

    /// Moves the bytes into `pending`, without copying when nothing is pending.
    private mutating func append(_ bytes: inout [UInt8]) {
        if pending.isEmpty {
            swap(&pending, &bytes)
        } else {
            pending.append(contentsOf: bytes)
            bytes.removeAll(keepingCapacity: true)
        }
    }

    /// The waiter and what there is to tell it, if there is both.
    private mutating func outcomeForWaiter() -> (waiter: Waiter, outcome: TransferOutcome)? {
        guard waiter != nil else { return nil }
        var outcome: TransferOutcome?
        if !isHeadTaken {
            if let head {
                isHeadTaken = true
                outcome = .head(head)
            } else if case .ended(let failure) = phase {
                outcome = .failed(failure ?? TransferFailure(.protocolError, "no response head"))
            }
        } else {
            outcome = poll()?.outcome
        }
        guard let outcome, let waiter = takeWaiter() else { return nil }
        return (waiter, outcome)
    }

    private mutating func takeWaiter() -> Waiter? {
        defer {
            waiter = nil
            patience = nil
        }
        return waiter
    }
}
