// Runs turns, whole answers in the request's task and streams in one of their own, for as long as the client is there.

import Conversation
import HTTPServer
import HTTPTypes
import OpenAIProtocol
import Providers
import Synchronization

/// Runs turns for routes: when the client goes away the turn is cancelled, and with it the upstream call and the tools.
struct TurnLauncher: Sendable {
    let environment: TurnEnvironment
    let running: RunningTurns
    let heartbeat: Heartbeat

    /// A turn of the request's trace. Plans are large: it is turns that are handed on.
    func turn(_ plan: consuming TurnPlan, for request: GatewayRequest) -> Turn {
        plan.trace = request.context.trace
        return Turn(plan: plan, environment: environment)
    }

    /// Runs to the end and returns what was collected.
    func whole(_ turn: Turn, for request: GatewayRequest) async throws -> WholeAnswer<CompletionSink> {
        try await whole(turn, for: request, into: CompletionSink(showSteps: turn.plan.showSteps))
    }

    /// The same with a sink that collects for another format.
    func whole<Sink: WholeSink>(
        _ turn: Turn,
        for request: GatewayRequest,
        into sink: Sink
    ) async throws -> WholeAnswer<Sink> {
        let (end, usage) = await guarded(turn.control, request) { await turn.run(sink) }
        switch end {
        case .finished:
            return WholeAnswer(sink: sink, usage: usage, headers: Self.headers(sink.target, turn.control, Sink.renamed))
        case .failed(let error): throw error.adding(turn.control)
        case .cancelled(.shutDown): throw OpenAIError.shuttingDown.adding(turn.control)
        case .cancelled(.clientGone): throw CancellationError()
        }
    }

    /// Starts a streamed turn.
    ///
    /// - Parameters:
    ///   - keepAlive: what is sent after ten silent seconds.
    ///   - makeSink: makes the sink that writes the wire format.
    /// - Throws: the error that came before the first byte, for which there is still a status.
    func stream<Sink: StreamSink>(
        _ turn: Turn,
        for request: GatewayRequest,
        keepAlive: [UInt8] = ServerSentEvents.keepAlive,
        into makeSink: (ResponseStream) -> Sink
    ) async throws -> StreamedAnswer {
        let stream = ResponseStream(keepAlive: keepAlive)
        let sink = makeSink(stream)
        let running = running
        let heartbeat = heartbeat
        let connection = request.request.connection
        let ending = Ending()
        request.notes.set { $0.control = turn.control }
        let home = connection.executor
        let task = Task.immediate(executorPreference: home) {
            let (end, usage) = await turn.run(sink)
            await sink.finish(end, usage: usage)
            ending.reach()
        }
        heartbeat.add(stream) {
            task.cancel()
            connection.close()
        }
        let id = running.add { cause in
            turn.control.cause = cause
            task.cancel()
        }
        let token = connection.signal.onGone {
            task.cancel()
            stream.close()
        }
        ending.then {
            heartbeat.remove(stream)
            running.remove(id)
            connection.signal.settle(token)
        }
        switch await stream.opening() {
        case .bytes:
            return StreamedAnswer(stream: stream, headers: Self.headers(sink.target, turn.control, Sink.renamed))
        case .failed(let error): throw error.adding(turn.control)
        case .cancelled: throw CancellationError()
        }
    }

    /// Everything that is told of how an answer came about.
    ///
    /// - Parameter name: what a member of a chat request is called in the form that the client speaks.
    static func headers(
        _ answer: (RouteTarget, attempts: Int)?,
        _ control: TurnControl,
        _ name: (String) -> String = { $0 }
    ) -> ResponseHeaders {
        var headers = ResponseHeaders(answeredBy: answer, dropping: control.dropped.map(name))
        headers.add(control.standing)
        return headers
    }

    /// Runs something in the request's own task, which is cancelled when the client goes or the server's patience ends.
    func guarded<Value>(_ control: TurnControl, _ request: GatewayRequest, _ work: () async -> Value) async -> Value {
        request.notes.set { $0.control = control }
        let connection = request.request.connection
        let number = request.request.number
        let id = running.add { cause in
            control.cause = cause
            connection.cancelAnswer(number)
        }
        let token = connection.signal.onGone { connection.cancelAnswer(number) }
        defer {
            connection.signal.settle(token)
            running.remove(id)
        }
        return await work()
    }
}

/// A turn that has run to its end.
struct WholeAnswer<Sink: WholeSink>: Sendable {
    let sink: Sink
    let usage: Usage
    /// What is told of how the answer came about.
    let headers: ResponseHeaders
}

/// A streamed turn whose first byte is there.
struct StreamedAnswer: Sendable {
    let stream: ResponseStream
    /// What is told of how the answer came about.
    let headers: ResponseHeaders
}

/// Something to be done once a task has ended, whichever of the two is known first.
private final class Ending: Sendable {
    private let state = Mutex<(isReached: Bool, action: (@Sendable () -> Void)?)>((false, nil))

    func reach() {
        let action = state.withLock { state in
            state.isReached = true
            return state.action
        }
        action?()
    }

    func then(_ action: @escaping @Sendable () -> Void) {
        let isReached = state.withLock { state in
            state.action = action
            return state.isReached
        }
        if isReached { action() }
    }
}
