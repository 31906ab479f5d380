// Carries the bytes of a streamed answer from the turn that makes them to the connection that sends them.

import Conversation
import OpenAIProtocol
import Synchronization

/// A bounded pipe with one producer and one consumer that can also speak for itself: after ten silent seconds it sends
/// a comment, so that proxies and clients wait on (`gateways.md` (c) 14).
final class ResponseStream: Sendable {
    /// How the answer begins.
    enum Opening: Sendable {
        /// There are bytes: the status is 200.
        case bytes
        /// It ended before the first byte: the status is the error's.
        case failed(OpenAIError)
        /// It was cancelled before the first byte.
        case cancelled
    }

    private enum Waiter {
        case none
        case opening(CheckedContinuation<Void, Never>)
        case bytes(CheckedContinuation<[UInt8]?, Never>)
    }

    private struct State {
        var pending: [UInt8] = []
        var consumer = Waiter.none
        var producer: CheckedContinuation<Void, Never>?
        var end: TurnEnd?
        var isClosed = false
        /// The producer waits no more: it has been cancelled.
        var isReleased = false
        var hasSent = false
        var lastSent = ContinuousClock.now
    }

    /// Bytes that may wait before the producer does.
    private static let highWater = 256 << 10
    /// Silence after which a comment goes out.
    static let silence = Duration.seconds(10)
    /// How long a reader may leave what is there for it.
    static let stall = Duration.seconds(60)

    private let state = Mutex(State())
    private let keepAlive: [UInt8]
    private let waitedNanoseconds = Atomic<Int>(0)

    /// - Parameter keepAlive: what the stream says for itself; a comment, or what else its format has for it.
    init(keepAlive: [UInt8] = ServerSentEvents.keepAlive) {
        self.keepAlive = keepAlive
    }

    /// How long the producer has waited for the reader.
    var waited: Duration { .nanoseconds(waitedNanoseconds.load(ordering: .relaxed)) }

    // MARK: The producer

    /// Hands over bytes; waits while too many are unsent.
    ///
    /// - Throws: `SinkClosed` when the client has gone.
    func send(_ bytes: [UInt8]) async throws(SinkClosed) {
        guard !bytes.isEmpty else { return }
        let (isClosed, isFull, wake) = state.withLock { state in
            if state.isClosed { return (true, false, Wake.nothing) }
            state.pending.append(contentsOf: bytes)
            state.hasSent = true
            return (false, state.pending.count > Self.highWater, Self.release(&state))
        }
        wake.resume()
        if isClosed { throw SinkClosed() }
        guard isFull else { return }
        let began = ContinuousClock.now
        defer {
            let waited = (ContinuousClock.now - began).components
            waitedNanoseconds.add(
                Int(waited.seconds) * 1_000_000_000 + Int(waited.attoseconds / 1_000_000_000),
                ordering: .relaxed
            )
        }
        // A turn that is cancelled while its reader stands still must not wait for the reader.
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mayGoOn = state.withLock { state in
                    if state.isClosed || state.isReleased || state.pending.count <= Self.highWater { return true }
                    state.producer = continuation
                    return false
                }
                if mayGoOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { state in
                state.isReleased = true
                return Self.unblock(&state)
            }.resume()
        }
    }

    /// The last bytes and the end. A failure before anything was sent becomes an HTTP status, and its bytes are not
    /// used.
    func finish(_ bytes: [UInt8], end: TurnEnd) {
        state.withLock { state in
            guard state.end == nil else { return Wake.nothing }
            state.end = end
            if case .finished = end { state.hasSent = true }
            if state.hasSent { state.pending.append(contentsOf: bytes) }
            return Self.release(&state, isEnd: true)
        }.resume()
    }

    /// Sends a comment if nothing has been sent for a while.
    ///
    /// - Returns: whether the reader has stood still for too long, so that the connection should go.
    func beat(now: ContinuousClock.Instant) -> Bool {
        let isStalled = state.withLock { state in
            !state.isClosed && !state.pending.isEmpty && now - state.lastSent >= Self.stall
        }
        state.withLock { state in
            guard state.end == nil, !state.isClosed, state.pending.isEmpty, now - state.lastSent >= Self.silence else {
                return Wake.nothing
            }
            state.lastSent = now
            state.hasSent = true
            state.pending = keepAlive
            return Self.release(&state)
        }.resume()
        return isStalled
    }

    // MARK: The consumer

    /// Waits for the first byte or the end.
    func opening() async -> Opening {
        await withCheckedContinuation { continuation in
            let isKnown = state.withLock { state in
                if !state.pending.isEmpty || state.end != nil || state.isClosed { return true }
                state.consumer = .opening(continuation)
                return false
            }
            if isKnown { continuation.resume() }
        }
        return state.withLock { state in
            if state.hasSent { return .bytes }
            switch state.end {
            case .failed(let error): return .failed(error)
            case .cancelled(.shutDown): return .failed(.shuttingDown)
            case .finished, .cancelled, nil: return .cancelled
            }
        }
    }

    /// All bytes that are there; nil after the last.
    func next() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            let (bytes, isKnown, producer) = state.withLock { state -> ([UInt8]?, Bool, Wake) in
                if state.isClosed { return (nil, true, .nothing) }
                if !state.pending.isEmpty { return (Self.takeAll(&state), true, Self.unblock(&state)) }
                if state.end != nil { return (nil, true, .nothing) }
                state.consumer = .bytes(continuation)
                return (nil, false, .nothing)
            }
            producer.resume()
            if isKnown { continuation.resume(returning: bytes) }
        }
    }

    /// Nobody reads any more.
    func close() {
        let (consumer, producer) = state.withLock { state -> (Wake, Wake) in
            state.isClosed = true
            state.pending = []
            let consumer: Wake =
                switch state.consumer {
                case .none: .nothing
                case .opening(let waiter): .opening(waiter)
                case .bytes(let waiter): .bytes(waiter, nil)
                }
            state.consumer = .none
            return (consumer, Self.unblock(&state))
        }
        consumer.resume()
        producer.resume()
    }

    // MARK: Inside

    /// Somebody to be woken once the lock is free.
    private enum Wake {
        case nothing
        case opening(CheckedContinuation<Void, Never>)
        case bytes(CheckedContinuation<[UInt8]?, Never>, [UInt8]?)

        func resume() {
            switch self {
            case .nothing: return
            case .opening(let waiter): waiter.resume()
            case .bytes(let waiter, let bytes): waiter.resume(returning: bytes)
            }
        }
    }

    private static func release(_ state: inout State, isEnd: Bool = false) -> Wake {
        switch state.consumer {
        case .none: return .nothing
        case .opening(let waiter):
            state.consumer = .none
            return .opening(waiter)
        case .bytes(let waiter):
            state.consumer = .none
            if state.pending.isEmpty, isEnd { return .bytes(waiter, nil) }
            return .bytes(waiter, takeAll(&state))
        }
    }

    private static func takeAll(_ state: inout State) -> [UInt8] {
        let bytes = state.pending
        state.pending = []
        state.lastSent = .now
        return bytes
    }

    private static func unblock(_ state: inout State) -> Wake {
        guard let producer = state.producer else { return .nothing }
        state.producer = nil
        return .opening(producer)
    }
}
