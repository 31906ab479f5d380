// What happened within a trace, as a value: names, times and numbers, never content.

import Glibc

/// A piece of work that has ended, by the OpenTelemetry model. Times are nanoseconds since the epoch, UTC.
package struct Span: Sendable, Hashable {
    /// OTLP's numbers (`Span.SpanKind`).
    package enum Kind: Int, Sendable {
        case `internal` = 1
        case server = 2
        case client = 3
    }

    package var high: UInt64
    package var low: UInt64
    package var id: UInt64
    /// The span that this one is part of; 0 for the first of a trace.
    package var parent: UInt64
    /// Whether the parent is somebody else's.
    package var hasRemoteParent: Bool
    package var name: String
    package var kind: Kind
    package var start: Int64
    package var end: Int64
    package var attributes: [SpanAttribute]
    /// Whether it failed; the reason is the attribute `error.type`.
    package var isError: Bool

    package init(
        high: UInt64,
        low: UInt64,
        id: UInt64,
        parent: UInt64,
        hasRemoteParent: Bool,
        name: String,
        kind: Kind,
        start: Int64,
        end: Int64,
        attributes: [SpanAttribute],
        isError: Bool
    ) {
        self.high = high
        self.low = low
        self.id = id
        self.parent = parent
        self.hasRemoteParent = hasRemoteParent
        self.name = name
        self.kind = kind
        self.start = start
        self.end = end
        self.attributes = attributes
        self.isError = isError
    }
}

/// A name with a value, in OpenTelemetry's spelling.
package struct SpanAttribute: Sendable, Hashable {
    package enum Value: Sendable, Hashable {
        case text(String)
        case integer(Int64)
        case texts([String])
    }

    /// Characters of a text that are kept: some names come from clients.
    private static let longest = 200

    package let name: String
    package let value: Value

    package init(_ name: String, _ text: String) {
        self.name = name
        value = .text(text.utf8.count > Self.longest ? String(text.prefix(Self.longest)) : text)
    }

    package init(_ name: String, _ number: Int) {
        self.name = name
        value = .integer(Int64(number))
    }

    package init(_ name: String, _ texts: [String]) {
        self.name = name
        value = .texts(texts)
    }

    package static func error(_ type: ErrorType) -> SpanAttribute { SpanAttribute("error.type", type.rawValue) }
}

/// Takes spans that have ended. Must not wait.
package typealias SpanSink = @Sendable (Span) -> Void

/// A span that is under way. It has an id even when nobody records, since upstreams are told of it.
package struct OpenSpan: Sendable {
    /// When it began, and the way to when it ends: by the steady clock, since the wall clock may jump.
    struct Times: Sendable {
        let start: Int64
        private let clock = ContinuousClock.now

        init() {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            start = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }

        var now: Int64 {
            let (seconds, attoseconds) = (ContinuousClock.now - clock).components
            return start + seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        }
    }

    package let id = TraceContext.newSpan()
    private let recorder: SpanRecorder?
    private let times: Times?

    /// - Parameter recorder: nil when nobody records; then this costs a number.
    package init(_ recorder: SpanRecorder?) {
        self.recorder = recorder
        times = recorder.map { _ in Times() }
    }

    /// Ends it as a part of the request's span.
    package func end(
        _ name: @autoclosure () -> String,
        _ kind: Span.Kind,
        isError: Bool = false,
        _ attributes: @autoclosure () -> [SpanAttribute]
    ) {
        guard let recorder, let times else { return }
        recorder.part(id, name(), kind, start: times.start, end: times.now, attributes(), isError: isError)
    }
}
