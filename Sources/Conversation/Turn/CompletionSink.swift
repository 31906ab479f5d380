// Collects a whole answer for callers that do not stream.

import JSON
package import OpenAIProtocol
package import Providers
import Synchronization

/// A sink that keeps everything until the turn is over.
package final class CompletionSink: TurnSink {
    private struct State {
        var completion = Completion()
        var target: RouteTarget?
        var attempts = 0
        var steps: [ToolStep] = []
    }

    private let state = Mutex(State())

    private let showSteps: Bool

    /// - Parameter showSteps: whether the tool loop's steps become part of `reasoning_content`.
    package init(showSteps: Bool) {
        self.showSteps = showSteps
    }

    package func send(_ events: [TurnEvent]) async throws {
        state.withLock { state in
            for event in events {
                switch event {
                case .began(let target, let attempts):
                    state.target = target
                    state.attempts = attempts
                case .metadata(let members): state.completion.setMetadata(members)
                case .usageDetails(let details): state.completion.usageDetails = details
                case .delta(let delta): state.completion.take(delta)
                case .step(let step):
                    state.steps.append(step)
                    if showSteps { state.completion.take(step.delta) }
                case .finish(let choice, let reason): state.completion.finish(choice: choice, reason: reason)
                }
            }
        }
    }

    /// What has been collected.
    package var completion: Completion { state.withLock { $0.completion } }
    /// What happened in the tool loop, in order.
    package var steps: [ToolStep] { state.withLock { $0.steps } }

    /// Who answered, and after how many targets.
    package var target: (RouteTarget, attempts: Int)? {
        state.withLock { state in state.target.map { ($0, state.attempts) } }
    }
}

extension ToolStep {
    /// The step as thinking.
    package var delta: ModelDelta { ModelDelta(reasoning: JSONText(escaping: text)) }
}
