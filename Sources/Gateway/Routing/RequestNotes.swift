// What a request leaves for its one line in the log.

import Conversation
import Synchronization

/// Notes for the log line, written by whoever learns them. No content, no secrets.
final class RequestNotes: Sendable {
    struct Values: Sendable {
        var caller: String?
        var route: String?
        /// Counts it, once it is known which route it takes.
        var counter: RouteCounter?
        var model: String?
        /// The turn's, which knows whom it has asked.
        var control: TurnControl?
        var bytes = 0
        var isStreaming = false
    }

    private let values = Mutex(Values())

    func set(_ change: (inout sending Values) -> Void) {
        values.withLock { change(&$0) }
    }

    var current: Values { values.withLock { $0 } }
}
