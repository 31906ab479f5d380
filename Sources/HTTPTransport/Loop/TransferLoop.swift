// One libcurl multi handle on an event loop: takes notes, runs transfers, hands over what arrived.

import CCurl
import Glibc
import Loops
import Synchronization

/// The transfers of one event loop. Everything here happens on that loop's thread; others speak to it through the
/// mailbox. Every turn handles notes, due timers, what libcurl finished, and hands each touched transfer's bytes over
/// once.
final class TransferLoop {
    /// Bytes that libcurl reads of a stream at once. Its own 16 KiB would lie there for every one of thousands of streams, of
    /// which a piece is some hundred bytes. It allocates one byte more.
    static let streamBuffer = (4 << 10) - 1

    let configuration: HTTPClientConfiguration
    let mailbox: Mailbox
    let counters: LoopCounters
    let multi: CurlMulti
    /// The loop keeps its tenants, not the other way round.
    private unowned let core: LoopCore

    /// When libcurl wants to be called.
    private var curlTimer: Moment?
    var running: [Int: RunningTransfer] = [:]
    private var touched: [RunningTransfer] = []
    /// Mails past libcurl's part, by the socket on which the loop itself speaks.
    var exchanges: [Int32: RunningTransfer] = [:]
    var idleHandles: [EasyHandle] = []
    var limits = DeadlineQueue()
    var patience = DeadlineQueue()
    private var isOver = false

    /// - Throws: `.other` when libcurl has no room.
    init(
        configuration: HTTPClientConfiguration,
        mailbox: Mailbox,
        counters: LoopCounters,
        core: LoopCore
    ) throws(TransferFailure) {
        self.configuration = configuration
        self.mailbox = mailbox
        self.counters = counters
        self.core = core
        multi = try CurlMulti(connections: configuration.maximumIdleConnections, counters: counters)
        multi.report(to: Unmanaged.passUnretained(self).toOpaque())
    }

    /// The time of this turn.
    var now: Moment { core.now }

    // MARK: - One turn

    private func takeNotes() {
        let (letters, isClosed) = mailbox.takeAll()
        for letter in letters {
            let id = letter.transfer.id
            switch letter.note {
            case .start:
                if isClosed { letter.transfer.end(.shutDown) } else { start(letter.transfer) }
            case .cancel:
                if let transfer = running[id] { end(transfer, failure: .cancelled) }
            case .unpause:
                if let transfer = running[id] { unpause(transfer) }
            case .watchPatience(let moment):
                patience.schedule(id, at: moment)
            }
        }
        if isClosed { leave() }
    }

    private func runTimers() {
        if let timer = curlTimer, timer <= now {
            // Cleared first: libcurl sets it again when it wants to, also from within the call.
            curlTimer = nil
            multi.driveTimer()
        }
    }

    private func runLimits() {
        while let (moment, id) = limits.popDue(now) {
            guard let transfer = running[id], transfer.scheduled == moment else { continue }
            if let kind = transfer.deadlines.expired(at: now) {
                let request = transfer.transfer.request
                let failure = TransferFailure.timeout(
                    kind,
                    url: request.url,
                    timeouts: request.timeouts,
                    hasAnswer: transfer.hasAnswer
                )
                end(transfer, failure: failure)
            } else {
                transfer.scheduled = transfer.deadlines.next
                limits.schedule(id, at: transfer.scheduled)
            }
        }
        while let (_, id) = patience.popDue(now) {
            if let next = running[id]?.transfer.checkPatience(now) { patience.schedule(id, at: next) }
        }
    }

    private func collectFinished() {
        while let (context, code) = multi.nextFinished() {
            finish(Unmanaged<RunningTransfer>.fromOpaque(context).takeUnretainedValue(), code)
        }
    }

    /// Hands everything of this turn over, one wake-up a transfer.
    private func handOver() {
        guard !touched.isEmpty else { return }
        for transfer in touched {
            transfer.isTouched = false
            if running[transfer.transfer.id] === transfer { handOver(transfer) }
        }
        touched.removeAll(keepingCapacity: true)
    }
}

extension TransferLoop: LoopTenant {
    var deadline: Moment? {
        var next = curlTimer
        if let limit = limits.next { next = next.map { min($0, limit) } ?? limit }
        if let moment = patience.next { next = next.map { min($0, moment) } ?? moment }
        return next
    }

    var hasWork: Bool { !mailbox.isEmpty }

    func turn(hasListened: Bool) {
        guard !isOver else { return }
        if !mailbox.isEmpty { takeNotes() }
        runTimers()
        if hasListened { runLimits() }
        collectFinished()
        handOver()
    }

    /// Ends whatever still runs.
    func leave() {
        guard !isOver else { return }
        isOver = true
        mailbox.close()
        for letter in mailbox.takeAll().letters where letter.note == .start { letter.transfer.end(.shutDown) }
        for transfer in Array(running.values) { end(transfer, failure: .shutDown) }
        multi.reportNothing()
        core.dismiss(self)
        mailbox.hasLeft()
    }
}

extension TransferLoop: DescriptorHandler {
    func ready(_ descriptor: Int32, _ events: DescriptorEvents) {
        counters.wakeUps.add(1, ordering: .relaxed)
        if let transfer = exchanges[descriptor] {
            converse(transfer)
        } else {
            multi.drive(descriptor, events: events)
        }
    }
}

// MARK: - What libcurl's callbacks say

extension TransferLoop {
    /// - Parameter isCarried: whether the descriptor is a connection that has been used. Those are kept for the next
    ///   request, as a rule, and their end is told. Attempts to connect and the resolver's sockets are closed without a
    ///   word (7.88.1, `lib/cf-socket.c`, cf_socket_close).
    func watch(_ descriptor: Int32, what: Int32, isCarried: Bool) {
        switch what {
        case CURL_POLL_IN: watch(descriptor, for: .readable)
        case CURL_POLL_OUT: watch(descriptor, for: .writable)
        case CURL_POLL_INOUT: watch(descriptor, for: [.readable, .writable])
        default: if isCarried { core.rest(descriptor) } else { watch(descriptor, for: []) }
        }
    }

    func watch(_ descriptor: Int32, for events: DescriptorEvents) {
        core.watch(descriptor, for: events, self)
    }

    func setCurlTimer(milliseconds: Int) {
        curlTimer = milliseconds < 0 ? nil : now.advanced(by: .milliseconds(milliseconds))
    }

    /// Puts a transfer into the list of those to be handed over at the end of the turn.
    func touch(_ transfer: RunningTransfer) {
        guard !transfer.isTouched else { return }
        transfer.isTouched = true
        touched.append(transfer)
    }

    /// Takes note that a transfer's next limit may have become an earlier one.
    func reschedule(_ transfer: RunningTransfer) {
        let next = transfer.deadlines.next
        guard next < transfer.scheduled else { return }
        transfer.scheduled = next
        limits.schedule(transfer.transfer.id, at: next)
    }
}
