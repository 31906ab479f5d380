// What an upstream has refused before, so that it is asked in the right way at once.

import Synchronization

/// Habits of an upstream's models, learned from their refusals. Bounded; forgotten with the adapter.
final class UpstreamHabits: Sendable {
    enum Habit: Hashable {
        case onlyStreams, refusesStreamOptions, refusesSampling, thinksByEffort
        /// It does not know `include_obfuscation` among the stream's options.
        case refusesObfuscation
        /// Of the two names of the bound on an answer's tokens it knows only the newer one, or only the older one.
        case wantsCompletionTokens, wantsMaximumTokens
        /// It cannot be held to a JSON schema.
        case refusesSchema
        /// It cannot be made to call a tool.
        case refusesRequiredCalls
        /// It does not think, and refuses to be told how hard to.
        case refusesThinking

        var opposite: Habit? {
            switch self {
            case .wantsCompletionTokens: .wantsMaximumTokens
            case .wantsMaximumTokens: .wantsCompletionTokens
            default: nil
            }
        }
    }

    private let known = Mutex<[String: Set<Habit>]>([:])

    /// All that is known of a model.
    func habits(of model: String) -> Set<Habit> {
        known.withLock { $0.isEmpty ? [] : $0[model] ?? [] }
    }

    func has(_ habit: Habit, model: String) -> Bool { habits(of: model).contains(habit) }

    func note(_ habit: Habit, model: String) {
        known.withLock { known in
            if known.count >= 1000 { known.removeAll() }
            known[model, default: []].insert(habit)
            if let opposite = habit.opposite { known[model]?.remove(opposite) }
        }
    }
}
