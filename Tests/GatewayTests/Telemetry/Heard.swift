// Spans as they come.

import Conversation
import Synchronization

/// Keeps spans.
final class Heard: Sendable {
    private let kept = Mutex<[Span]>([])

    var spans: [Span] { kept.withLock { $0 } }

    func add(_ span: Span) { kept.withLock { $0.append(span) } }
}
