// One clock for all open streams and deadlines of a server.

import Synchronization

/// Looks once a second which streams have been silent and which deadlines have passed. One task for all: a timer for
/// each stream would cost more than what it guards.
final class Heartbeat: Sendable {
    private struct State {
        var streams: [ObjectIdentifier: (stream: ResponseStream, onStall: @Sendable () -> Void)] = [:]
        var deadlines: [UInt64: (at: ContinuousClock.Instant, action: @Sendable () -> Void)] = [:]
        var nextDeadline: UInt64 = 0
    }

    private let state = Mutex(State())

    /// - Parameter onStall: called once when the stream's reader has stood still for too long.
    func add(_ stream: ResponseStream, onStall: @escaping @Sendable () -> Void) {
        state.withLock { $0.streams[ObjectIdentifier(stream)] = (stream, onStall) }
    }

    func remove(_ stream: ResponseStream) {
        _ = state.withLock { $0.streams.removeValue(forKey: ObjectIdentifier(stream)) }
    }

    /// Streams in flight.
    var streamCount: Int { state.withLock { $0.streams.count } }

    /// Runs `action` after `delay`, to the second, unless `cancel` comes first.
    func schedule(after delay: Duration, _ action: @escaping @Sendable () -> Void) -> UInt64 {
        state.withLock { state in
            state.nextDeadline += 1
            state.deadlines[state.nextDeadline] = (.now + delay, action)
            return state.nextDeadline
        }
    }

    func cancel(_ deadline: UInt64) {
        _ = state.withLock { $0.deadlines.removeValue(forKey: deadline) }
    }

    /// Beats until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            beat(now: .now)
        }
    }

    func beat(now: ContinuousClock.Instant) {
        let (streams, due) = state.withLock { state in
            let passed = state.deadlines.filter { $0.value.at <= now }
            for key in passed.keys { state.deadlines[key] = nil }
            return (Array(state.streams.values), passed.values.map(\.action))
        }
        for action in due { action() }
        for (stream, onStall) in streams where stream.beat(now: now) {
            remove(stream)
            onStall()
        }
    }
}
