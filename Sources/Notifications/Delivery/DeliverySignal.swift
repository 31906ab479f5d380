// Wakes a loop that sleeps, from anywhere.

import Synchronization

/// A bell with one listener. A ring that nobody waits for is not lost: the next wait ends at once.
final class DeliverySignal: Sendable {
    private struct State {
        var isRung = false
        var sleeper: Task<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let sleeper = state.withLock { state -> Task<Void, Never>? in
            state.isRung = true
            return state.sleeper
        }
        sleeper?.cancel()
    }

    /// Returns when it rings, when the time is over or when the task is cancelled.
    func wait(milliseconds: Int64) async {
        let sleeper = state.withLock { state -> Task<Void, Never>? in
            guard !state.isRung, milliseconds > 0 else { return nil }
            let sleeper = Task { _ = try? await Task.sleep(for: .milliseconds(milliseconds)) }
            state.sleeper = sleeper
            return sleeper
        }
        if let sleeper {
            await withTaskCancellationHandler {
                await sleeper.value
            } onCancel: {
                sleeper.cancel()
            }
        }
        state.withLock { state in
            state.isRung = false
            state.sleeper = nil
        }
    }
}
