// The round of an answer that is ready before it is asked for.

import Synchronization

/// Hands out all events at once, then the clean end.
final class OfflineRound: ModelRound {
    private enum State {
        case ready([ModelEvent])
        case ended
        case cancelled
    }

    private let state: Mutex<State>
    private let provider: String
    let droppedParameters: [String]

    init(_ events: [ModelEvent], provider: String, dropped: [String] = []) {
        state = Mutex(.ready(events))
        self.provider = provider
        droppedParameters = dropped
    }

    func next(patience: Duration?) async throws(ProviderFailure) -> [ModelEvent]? {
        let (events, isCancelled) = state.withLock { state -> ([ModelEvent]?, Bool) in
            switch state {
            case .ready(let events):
                state = .ended
                return (events, false)
            case .ended: return (nil, false)
            case .cancelled: return (nil, true)
            }
        }
        if isCancelled { throw ProviderFailure(.cancelled, "The answer was cancelled.", provider: provider) }
        return events
    }

    /// Nothing runs; what was not handed out is dropped.
    func cancel() {
        state.withLock { state in
            if case .ready = state { state = .cancelled }
        }
    }
}
