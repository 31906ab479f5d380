// Carries a body from the connection to whoever reads it.

import Synchronization

/// A bounded pipe: the connection stops reading while too much waits here.
final class BodyPipe: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var isEnded = false
        var failure: BodyFailure?
        var isCancelled = false
        var isPaused = false
        var reader: CheckedContinuation<Void, Never>?
        /// Called once when somebody first reads.
        var onDemand: (@Sendable () -> Void)?
    }

    /// Bytes that may wait before the connection stops reading.
    static let highWater = 256 << 10

    private let state: Mutex<State>
    private let resumeReading: @Sendable () -> Void

    /// - Parameters:
    ///   - onDemand: called when somebody first wants what has not come yet.
    ///   - resumeReading: called when a connection that was told to pause may read again.
    init(onDemand: (@Sendable () -> Void)?, resumeReading: @escaping @Sendable () -> Void) {
        state = Mutex(State(onDemand: onDemand))
        self.resumeReading = resumeReading
    }

    // MARK: The connection

    /// - Returns: whether the connection has to pause.
    func append(_ bytes: some Sequence<UInt8>) -> Bool {
        let (reader, pauses) = state.withLock { state -> (CheckedContinuation<Void, Never>?, Bool) in
            state.pending.append(contentsOf: bytes)
            state.isPaused = state.pending.count > Self.highWater
            return (state.reader.take(), state.isPaused)
        }
        reader?.resume()
        return pauses
    }

    func finish() {
        let reader = state.withLock { state in
            state.isEnded = true
            return state.reader.take()
        }
        reader?.resume()
    }

    func fail(_ failure: BodyFailure) {
        let reader = state.withLock { state in
            if !state.isEnded, state.failure == nil { state.failure = failure }
            return state.reader.take()
        }
        reader?.resume()
    }

    // MARK: The reader

    func next() async throws -> [UInt8]? {
        let demand = state.withLock { state in
            state.pending.isEmpty && !state.isEnded && state.failure == nil ? state.onDemand.take() : nil
        }
        demand?()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isKnown = state.withLock { state in
                    if !state.pending.isEmpty || state.isEnded || state.failure != nil || state.isCancelled {
                        return true
                    }
                    state.reader = continuation
                    return false
                }
                if isKnown { continuation.resume() }
            }
        } onCancel: {
            let reader = state.withLock { state in
                state.isCancelled = true
                return state.reader.take()
            }
            reader?.resume()
        }
        let (result, mustResume) = state.withLock { state -> (Result<[UInt8]?, any Error>, Bool) in
            if !state.pending.isEmpty {
                let bytes = state.pending
                state.pending = []
                defer { state.isPaused = false }
                return (.success(bytes), state.isPaused)
            }
            if let failure = state.failure { return (.failure(failure), false) }
            return (state.isEnded ? .success(nil) : .failure(CancellationError()), false)
        }
        if mustResume { resumeReading() }
        return try result.get()
    }
}
