// The life of a transfer on its loop: begun, handed over piece by piece, ended once.

import CCurl
import Loops
import Synchronization

extension TransferLoop {
    func start(_ transfer: Transfer) {
        guard !transfer.isEnded else { return }
        guard let handle = idleHandles.popLast() ?? EasyHandle() else {
            transfer.end(TransferFailure(.other, "libcurl has no memory"))
            return
        }
        let limit = configuration.maximumHeadBytes
        let new = RunningTransfer(transfer, handle: handle, loop: self, maximumHeadBytes: limit)
        running[transfer.id] = new
        counters.started.add(1, ordering: .relaxed)
        counters.active.store(running.count, ordering: .relaxed)
        counters.pooledHandles.store(idleHandles.count, ordering: .relaxed)
        limits.schedule(transfer.id, at: new.scheduled)
        sweepIfStale()
        let context = Unmanaged.passUnretained(new).toOpaque()
        let isConfigured = handle.configure(
            transfer.request,
            for: configuration,
            context: context,
            counters: counters,
            buffer: transfer.isWhole ? nil : Self.streamBuffer
        )
        guard isConfigured, multi.add(handle) else {
            end(new, failure: TransferFailure(.other, "libcurl refused the transfer"))
            return
        }
    }

    func finish(_ transfer: RunningTransfer, _ code: CURLcode) {
        if let mail = transfer.mail {
            finish(transfer, mail, code)
            return
        }
        guard code != CURLE_OK || !transfer.hasHead else {
            end(transfer, failure: nil)
            return
        }
        if let refusal = transfer.refusal {
            end(transfer, failure: refusal)
            return
        }
        if transfer.hasRefusedAddress, transfer.deadlines.phase == .connecting {
            end(transfer, failure: .linkLocal(Origin.of(transfer.transfer.request.url)))
            return
        }
        let failure = TransferFailure.from(
            // A close in the middle of the head is no error to libcurl.
            code == CURLE_OK ? CURLE_PARTIAL_FILE : code,
            handle: transfer.handle,
            url: transfer.transfer.request.url,
            hasHead: transfer.hasHead,
            hasAnswer: transfer.hasAnswer,
            isConnected: transfer.deadlines.phase != .connecting
        )
        end(transfer, failure: failure)
    }

    /// The one place where a transfer leaves the loop. Being in the table is what makes it end once.
    func end(_ transfer: RunningTransfer, failure: TransferFailure?) {
        guard running.removeValue(forKey: transfer.transfer.id) != nil else { return }
        counters.connectionsOpened.add(transfer.handle.info(CURLINFO_NUM_CONNECTS), ordering: .relaxed)
        if let mail = transfer.mail { leave(mail) }
        multi.remove(transfer.handle)
        transfer.handle.reset(isWhole: failure == nil)
        if idleHandles.count < configuration.maximumIdleHandles { idleHandles.append(transfer.handle) }
        switch failure?.kind {
        case nil: counters.finished.add(1, ordering: .relaxed)
        case .cancelled, .shutDown: counters.cancelled.add(1, ordering: .relaxed)
        default: counters.failed.add(1, ordering: .relaxed)
        }
        counters.active.store(running.count, ordering: .relaxed)
        counters.pooledHandles.store(idleHandles.count, ordering: .relaxed)
        transfer.transfer.end(head: transfer.newHead, bytes: &transfer.incoming, failure: failure)
    }

    /// Hands over what a transfer has and stops its reading when its reader is too far behind. Also called from within
    /// the write callback: libcurl reads up to 100 buffers in one go, and looks whether it is paused after each.
    func handOver(_ transfer: RunningTransfer) {
        let head = transfer.newHead
        transfer.newHead = nil
        let (pause, pending) = transfer.transfer.deliver(head: head, bytes: &transfer.incoming)
        transfer.pendingBefore = pending
        guard pause else { return }
        counters.pauses.add(1, ordering: .relaxed)
        transfer.deadlines.paused(at: now)
        curl_easy_pause(transfer.handle.curl, CURLPAUSE_RECV)
    }

    func unpause(_ transfer: RunningTransfer) {
        // Between the reader's note and now it may have been paused anew; then another note will come.
        guard !transfer.transfer.isPaused else { return }
        transfer.deadlines.unpaused(at: now)
        reschedule(transfer)
        // May call back with bytes that libcurl held; a failure comes as a message.
        curl_easy_pause(transfer.handle.curl, CURLPAUSE_CONT)
    }

    /// Short transfers leave their limits behind in the queue.
    func sweepIfStale() {
        guard limits.count > 2 * running.count + 1024 else { return }
        limits.sweep { id, moment in running[id]?.scheduled == moment }
    }
}
