// Turns a turn's events into the frames of a streamed chat completion.

import Conversation
import OpenAIProtocol
import Providers
import Synchronization

/// The sink of a streamed request: encodes and hands over to the response stream.
final class ChatStreamSink: StreamSink {
    private struct State {
        var encoder: ChunkEncoder
        var target: RouteTarget?
        var attempts = 0
    }

    private let stream: ResponseStream
    private let includeUsage: Bool
    private let state: Mutex<State>

    private let showSteps: Bool

    init(stream: ResponseStream, identity: AnswerIdentity, includeUsage: Bool, showSteps: Bool) {
        self.stream = stream
        self.showSteps = showSteps
        self.includeUsage = includeUsage
        state = Mutex(State(encoder: ChunkEncoder(identity: identity, includeUsage: includeUsage)))
    }

    func send(_ events: [TurnEvent]) async throws {
        var bytes: [UInt8] = []
        state.withLock { state in
            for event in events {
                switch event {
                case .began(let target, let attempts):
                    state.target = target
                    state.attempts = attempts
                    state.encoder.start(choice: 0, into: &bytes)
                case .metadata(let members): state.encoder.setMetadata(members)
                case .usageDetails(let details): state.encoder.usageDetails = details
                case .delta(let delta): state.encoder.encode(delta, into: &bytes)
                case .step(let step):
                    if showSteps { state.encoder.encode(step.delta, into: &bytes) }
                case .finish(let choice, let reason): state.encoder.finish(choice: choice, reason: reason, into: &bytes)
                }
            }
        }
        try await stream.send(bytes)
    }

    var waited: Duration { stream.waited }

    /// The end of the stream: usage and `[DONE]` after a real finish, an error frame and nothing more otherwise.
    func finish(_ end: TurnEnd, usage: Usage) {
        var bytes: [UInt8] = []
        switch end {
        case .finished:
            if includeUsage { state.withLock { $0.encoder.usage(usage, into: &bytes) } }
            bytes.append(contentsOf: ServerSentEvents.done)
        case .failed(let error): bytes = error.frame
        case .cancelled(.shutDown): bytes = OpenAIError.shuttingDown.frame
        case .cancelled(.clientGone): break
        }
        stream.finish(bytes, end: end)
    }

    /// Who answered, once that is known.
    var target: (RouteTarget, attempts: Int)? {
        state.withLock { state in state.target.map { ($0, state.attempts) } }
    }
}
