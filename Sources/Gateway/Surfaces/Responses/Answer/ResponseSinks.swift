// The sinks of streamed and whole responses.

import Conversation
import Identity
import OpenAIProtocol
import Providers
import Synchronization

/// Keeps a finished response; false when it could not.
typealias ResponseKeeper = @Sendable (_ body: [UInt8]) async -> Bool

/// Writes a response's events to the stream, and keeps it before its last one: whoever has read that may go on from it
/// at once, on any node.
final class ResponseStreamSink: StreamSink {
    static func renamed(_ chat: String) -> String { ResponseParameters.renamed(chat) }

    private let stream: ResponseStream
    private let keep: ResponseKeeper
    private let answer: Mutex<ResponseAnswer>

    init(stream: ResponseStream, answer: ResponseAnswer, keep: @escaping ResponseKeeper) {
        self.stream = stream
        self.keep = keep
        self.answer = Mutex(answer)
    }

    func send(_ events: [TurnEvent]) async throws {
        var bytes: [UInt8] = []
        try answer.withLock { answer throws(OpenAIError) in try answer.take(events, into: &bytes) }
        try await stream.send(bytes)
    }

    var waited: Duration { stream.waited }

    func finish(_ end: TurnEnd, usage: Usage) async {
        var bytes: [UInt8] = []
        switch end {
        case .finished:
            await answer.complete(usage, keep)
            answer.withLock { $0.last(into: &bytes) }
        case .failed(let error): answer.withLock { $0.fail(error.forResponses, usage: usage, into: &bytes) }
        case .cancelled(.shutDown):
            answer.withLock { $0.fail(.shuttingDown, usage: usage, into: &bytes) }
        case .cancelled(.clientGone): break
        }
        stream.finish(bytes, end: end)
    }

    var target: (RouteTarget, attempts: Int)? {
        answer.withLock { answer in answer.target.map { ($0, answer.attempts) } }
    }
}

/// Collects a response for a client that does not stream.
final class ResponseSink: WholeSink {
    static func renamed(_ chat: String) -> String { ResponseParameters.renamed(chat) }

    private let answer: Mutex<ResponseAnswer>

    init(_ answer: ResponseAnswer) {
        self.answer = Mutex(answer)
    }

    func send(_ events: [TurnEvent]) async throws {
        var frames: [UInt8] = []
        try answer.withLock { answer throws(OpenAIError) in try answer.take(events, into: &frames) }
    }

    /// The response object, kept.
    func body(_ usage: Usage, _ keep: ResponseKeeper) async -> [UInt8] {
        await answer.complete(usage, keep)
    }

    var target: (RouteTarget, attempts: Int)? {
        answer.withLock { answer in answer.target.map { ($0, answer.attempts) } }
    }
}

extension Mutex<ResponseAnswer> {
    /// Completes the answer and keeps it where that is wanted.
    @discardableResult
    fileprivate func complete(_ usage: Usage, _ keep: ResponseKeeper) async -> [UInt8] {
        let (body, isStored) = withLock { answer in
            (answer.complete(usage: usage, at: WallClock.system.now() / 1000), answer.isStored)
        }
        guard isStored, await !keep(body) else { return body }
        return withLock { $0.forgetStore() }
    }
}
