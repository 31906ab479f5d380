// A reading that costs something, made now and then however often it is asked for.

import Synchronization

/// Remembers a value for a while: at least `interval`, and twenty times as long as reading it took, so that a store in
/// trouble is not asked all the time. One reading at a time; nobody waits for one longer than `patience`.
final class CachedReading<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var goodUntil: ContinuousClock.Instant?
        var isReading = false
    }

    private let state = Mutex(State())
    private let interval: Duration
    private let patience: Duration
    private let read: @Sendable () async -> Value?

    init(
        interval: Duration = .seconds(10),
        patience: Duration = .seconds(2),
        _ read: @escaping @Sendable () async -> Value?
    ) {
        self.interval = interval
        self.patience = patience
        self.read = read
    }

    /// The value, perhaps of a while ago; nil when there has been none, or when the last reading failed.
    func value() async -> Value? {
        let mustRead = state.withLock { state in
            guard !state.isReading, state.goodUntil.map({ $0 <= .now }) ?? true else { return false }
            state.isReading = true
            return true
        }
        if mustRead {
            Task { [self] in
                let start = ContinuousClock.now
                let value = await read()
                let now = ContinuousClock.now
                state.withLock { state in
                    state.value = value
                    state.goodUntil = now + max(interval, (now - start) * 20)
                    state.isReading = false
                }
            }
        }
        let deadline = ContinuousClock.now + patience
        while state.withLock({ $0.isReading }), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(2))
            if Task.isCancelled { break }
        }
        return state.withLock { $0.value }
    }
}
