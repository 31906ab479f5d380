// The listeners of a turn that is answered in Anthropic's form: one that streams and one that collects.

import Conversation
import OpenAIProtocol
import Providers
import Synchronization

/// Who answered and after how many targets; told by `began`.
private struct Answerer {
    var target: RouteTarget?
    var attempts = 0

    mutating func take(_ event: TurnEvent) {
        if case .began(let target, let attempts) = event { (self.target, self.attempts) = (target, attempts) }
    }

    var known: (RouteTarget, attempts: Int)? { target.map { ($0, attempts) } }
}

/// Streams events as they come.
final class MessageStreamSink: StreamSink {
    private struct State {
        var blocks = MessageBlocks()
        var encoder: MessageEncoder
        var answerer = Answerer()
    }

    static func renamed(_ chat: String) -> String { AnthropicError.renamed(chat) }

    private let stream: ResponseStream
    private let showSteps: Bool
    private let stops: [String]
    private let requestID: String
    private let state: Mutex<State>

    /// - Parameter promptTokens: an estimate.
    init(
        stream: ResponseStream,
        identity: MessageIdentity,
        promptTokens: Int,
        showSteps: Bool,
        stops: [String],
        requestID: String
    ) {
        self.stream = stream
        self.showSteps = showSteps
        self.stops = stops
        self.requestID = requestID
        state = Mutex(State(encoder: MessageEncoder(identity: identity, promptTokens: promptTokens)))
    }

    func send(_ events: [TurnEvent]) async throws {
        var bytes: [UInt8] = []
        try state.withLock { state throws(OpenAIError) in
            for event in events {
                state.answerer.take(event)
                if case .began = event { state.encoder.start(into: &bytes) }
                state.encoder.encode(state.blocks.take(event, showSteps: showSteps), into: &bytes)
            }
            if state.blocks.isOverfull { throw .answerTooLarge }
        }
        try await stream.send(bytes)
    }

    var waited: Duration { stream.waited }

    func finish(_ end: TurnEnd, usage: Usage) {
        var bytes: [UInt8] = []
        switch end {
        case .finished:
            state.withLock { state in
                state.encoder.encode(state.blocks.end(), into: &bytes)
                state.encoder.finish(state.blocks.stop(stops), usage: usage, into: &bytes)
            }
        case .failed(let error): bytes = AnthropicError(error).frame(requestID: requestID)
        case .cancelled(.shutDown): bytes = AnthropicError(.shuttingDown).frame(requestID: requestID)
        case .cancelled(.clientGone): break
        }
        stream.finish(bytes, end: end)
    }

    var target: (RouteTarget, attempts: Int)? { state.withLock { $0.answerer.known } }
}

/// Collects a whole message.
final class MessageSink: WholeSink {
    private struct State {
        var blocks = MessageBlocks()
        var body = MessageBody()
        var answerer = Answerer()
    }

    static func renamed(_ chat: String) -> String { AnthropicError.renamed(chat) }

    private let showSteps: Bool
    private let state = Mutex(State())

    init(showSteps: Bool) {
        self.showSteps = showSteps
    }

    func send(_ events: [TurnEvent]) async throws {
        try state.withLock { state throws(OpenAIError) in
            for event in events {
                state.answerer.take(event)
                state.body.take(state.blocks.take(event, showSteps: showSteps))
            }
            if state.blocks.isOverfull { throw .answerTooLarge }
        }
    }

    /// The message, once the turn has finished.
    func body(identity: MessageIdentity, stops: [String], usage: Usage) -> [UInt8] {
        state.withLock { state in
            state.body.take(state.blocks.end())
            return state.body.bytes(identity: identity, stop: state.blocks.stop(stops), usage: usage)
        }
    }

    var target: (RouteTarget, attempts: Int)? { state.withLock { $0.answerer.known } }
}
