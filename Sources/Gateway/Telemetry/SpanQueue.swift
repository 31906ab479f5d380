// Spans that wait to be sent: bounded, and never a reason to wait.

import Conversation
import Synchronization

/// Between requests, which put spans in, and the one task that takes them out.
final class SpanQueue: Sendable {
    private struct State {
        var spans: [Span] = []
        /// Spans that are being sent and come back when that fails.
        var taken = 0
        var dropped: UInt64 = 0
        var waiter: CheckedContinuation<Void, Never>?
        /// The number of the last `wait`, and of the one whose time was over last: its timer may be faster than it is.
        var wait: UInt64 = 0
        var overWait: UInt64 = 0
        /// Nobody waits any more: what is left goes at once.
        var isClosing = false
    }

    private let state = Mutex(State())
    private let limit: Int
    private let batch: Int

    /// - Parameters:
    ///   - limit: spans at the most, those being sent included; further ones are dropped.
    ///   - batch: as many wake the sender before its time.
    init(limit: Int, batch: Int) {
        self.limit = limit
        self.batch = batch
    }

    /// Takes a span, or drops it. Costs one short lock.
    func put(_ span: Span) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.spans.count + state.taken < limit else {
                state.dropped += 1
                return nil
            }
            state.spans.append(span)
            return state.spans.count >= batch ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    var dropped: UInt64 { state.withLock { $0.dropped } }
    var count: Int { state.withLock { $0.spans.count + $0.taken } }

    /// The oldest spans. They count as waiting until `settle`.
    func take() -> [Span] {
        state.withLock { state in
            let spans = Array(state.spans.prefix(batch))
            state.spans.removeFirst(spans.count)
            state.taken = spans.count
            return spans
        }
    }

    /// What was taken has been sent, or given up.
    func settle() { state.withLock { $0.taken = 0 } }

    /// What was taken has not been sent and waits again, before all others.
    func putBack(_ spans: [Span]) {
        state.withLock { state in
            state.taken = 0
            state.spans.insert(contentsOf: spans, at: 0)
        }
    }

    /// Returns after `delay`, or earlier when a batch is there or `close` was called.
    func wait(_ delay: Duration) async {
        let number = state.withLock { state in
            state.wait += 1
            return state.wait
        }
        let timer = Task { [self] in
            if (try? await Task.sleep(for: delay)) != nil { endWait(number) }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.spans.count >= batch || state.isClosing || state.overWait == number || Task.isCancelled {
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
        timer.cancel()
    }

    func close() {
        state.withLock { $0.isClosing = true }
        wake()
    }

    /// The time of a wait is over. A late timer wakes nobody else.
    private func endWait(_ number: UInt64) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.wait == number else { return nil }
            state.overWait = number
            return state.waiter.take()
        }
        waiter?.resume()
    }

    private func wake() {
        state.withLock { $0.waiter.take() }?.resume()
    }
}
