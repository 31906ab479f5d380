// What an upstream has refused before, so that it is asked in the right way at once.

import Synchronization

/// Habits of an upstream's models, learned from their refusals. Bounded; forgotten with the adapter.
final class UpstreamHabits: Sendable {
    enum Habit: Hashable {
        case onlyStreams, refusesStreamOptions, refusesSampling, thinksByEffort
        /// Of the two names of the bound on an answer's tokens it knows only the newer one, or only the older one.
        case wantsCompletionTokens, wantsMaximumTokens

        fileprivate var opposite: Habit? {
            switch self {
            case .wantsCompletionTokens: .wantsMaximumTokens
            case .wantsMaximumTokens: .wantsCompletionTokens
            case .onlyStreams, .refusesStreamOptions, .refusesSampling, .thinksByEffort: nil
            }
        }
    }

    private struct Entry: Hashable {
        var model: String
        var habit: Habit
    }

    private let known = Mutex<Set<Entry>>([])

    func has(_ habit: Habit, model: String) -> Bool {
        known.withLock { !$0.isEmpty && $0.contains(Entry(model: model, habit: habit)) }
    }

    func note(_ habit: Habit, model: String) {
        known.withLock { known in
            if known.count >= 1000 { known.removeAll() }
            known.insert(Entry(model: model, habit: habit))
            if let opposite = habit.opposite { known.remove(Entry(model: model, habit: opposite)) }
        }
    }
}
