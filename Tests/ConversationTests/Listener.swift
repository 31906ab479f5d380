// A sink that keeps what a turn says, and can go away in the middle of it.

import JSON
import OpenAIProtocol
import Providers
import Synchronization
import Tools

@testable import Conversation

/// Listens to a turn.
final class Listener: TurnSink {
    private let heard = Mutex<[TurnEvent]>([])
    private let hangsUp: @Sendable (TurnEvent) -> Bool

    /// - Parameter hangsUp: the event at which nobody listens any more.
    init(hangsUp: @escaping @Sendable (TurnEvent) -> Bool = { _ in false }) {
        self.hangsUp = hangsUp
    }

    func send(_ events: [TurnEvent]) async throws {
        if events.contains(where: hangsUp) { throw SinkClosed() }
        heard.withLock { $0 += events }
    }

    var events: [TurnEvent] { heard.withLock { $0 } }

    /// The text for the person.
    var text: String { deltas.compactMap { $0.content?.decoded }.joined() }

    var deltas: [ModelDelta] {
        events.compactMap { event in
            if case .delta(let delta) = event { delta } else { nil }
        }
    }

    /// The calls that a client gets.
    var calls: [ToolCall] {
        var assembler = ToolCallAssembler()
        for delta in deltas { for call in delta.toolCalls { _ = assembler.take(call) } }
        return assembler.finished
    }

    var finishes: [FinishReason] {
        events.compactMap { event in
            if case .finish(_, let reason) = event { reason } else { nil }
        }
    }

    var steps: [ToolStep] {
        events.compactMap { event in
            if case .step(let step) = event { step } else { nil }
        }
    }

    /// `name:phase` of each step.
    var stepWords: [String] {
        steps.map { step in
            switch step.phase {
            case .started: "\(step.name):started"
            case .ended(let status, _, _): "\(step.name):\(status.rawValue)"
            case .refused: "\(step.name):refused"
            }
        }
    }
}
