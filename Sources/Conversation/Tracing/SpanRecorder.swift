// Writes down the spans of one request, if its trace is sampled.

import Synchronization

/// The pen of one sampled request: its own span, and the parts of it that rounds and tools are. Requests that nobody
/// wants to know of have none, so that tracing costs them nothing.
///
/// The request's span ends when the answer has been sent (`end`) and everybody who holds it has let go: a turn whose
/// client left still has to say how it ended.
package final class SpanRecorder: Sendable {
    private struct State {
        var attributes: [SpanAttribute] = []
        var error: ErrorType?
        var holds = 0
        /// The span without what is said of it until all have let go.
        var ended: Span?
        var isOver = false
    }

    private let high: UInt64
    private let low: UInt64
    private let own: UInt64
    private let parent: UInt64
    private let sink: SpanSink
    private let clock: OpenSpan.Times
    private let state = Mutex(State())

    /// - Parameters:
    ///   - span: the request's span.
    ///   - parent: the client's; 0 when there is none.
    package init(high: UInt64, low: UInt64, span: UInt64, parent: UInt64, sink: @escaping SpanSink) {
        self.high = high
        self.low = low
        own = span
        self.parent = parent
        self.sink = sink
        clock = OpenSpan.Times()
    }

    /// A part of the request that has ended.
    func part(
        _ id: UInt64,
        _ name: String,
        _ kind: Span.Kind,
        start: Int64,
        end: Int64,
        _ attributes: [SpanAttribute],
        isError: Bool
    ) {
        sink(
            Span(
                high: high,
                low: low,
                id: id,
                parent: own,
                hasRemoteParent: false,
                name: name,
                kind: kind,
                start: start,
                end: end,
                attributes: attributes,
                isError: isError
            )
        )
    }

    /// Says more of the request. What is said after its end is lost.
    package func say(_ attributes: [SpanAttribute], error: ErrorType? = nil) {
        state.withLock { state in
            state.attributes += attributes
            if let error { state.error = error }
        }
    }

    /// Keeps the request's span open until `release`.
    package func hold() { state.withLock { $0.holds += 1 } }

    package func release() {
        let span = state.withLock { state in
            state.holds -= 1
            return Self.close(&state)
        }
        if let span { sink(span) }
    }

    /// The answer has been sent.
    ///
    /// - Parameter isFault: whether the status alone says that we failed; where a turn has said why, that counts.
    package func end(_ name: String, _ attributes: [SpanAttribute], isFault: ErrorType?) {
        let span = state.withLock { state in
            guard state.ended == nil, !state.isOver else { return nil as Span? }
            if state.error == nil { state.error = isFault }
            state.ended = Span(
                high: high,
                low: low,
                id: own,
                parent: parent,
                hasRemoteParent: parent != 0,
                name: name,
                kind: .server,
                start: clock.start,
                end: clock.now,
                attributes: attributes,
                isError: false
            )
            return Self.close(&state)
        }
        if let span { sink(span) }
    }

    private static func close(_ state: inout State) -> Span? {
        guard state.holds == 0, !state.isOver, var span = state.ended else { return nil }
        state.isOver = true
        span.attributes += state.attributes
        if let error = state.error {
            span.attributes.append(.error(error))
            // A server that refuses what is wrong has done its work (OpenTelemetry, "HTTP spans", status).
            span.isError = !error.isOfCaller
        }
        return span
    }
}

extension ErrorType {
    /// Whether the caller has to act, and not the gateway or a provider.
    var isOfCaller: Bool { rawValue.hasPrefix("caller_") || rawValue.hasPrefix("policy_") }
}
