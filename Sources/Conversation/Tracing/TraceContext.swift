// W3C trace context: which trace a request belongs to (https://www.w3.org/TR/trace-context/, level 1).

import OpenAIProtocol

/// The trace of one request: the client's, where it sent a valid `traceparent`, or a new one.
package struct TraceContext: Sendable {
    package let high: UInt64
    package let low: UInt64
    /// The client's span; 0 for a new trace.
    package let parentSpan: UInt64
    /// The span of this request here.
    package let span: UInt64
    /// Bit 0: the trace is sampled.
    package let flags: UInt8
    /// The client's `tracestate`, where it came with a valid `traceparent` and is valid itself.
    package private(set) var state: String?
    /// Who writes the request's spans down; nil when nobody does.
    package let recorder: SpanRecorder?
    /// Whether anybody has traces: the client, who has sent one, or we, sampled or not. Otherwise the number is one for
    /// our log and the books, and upstreams are not told of it.
    package let isFollowed: Bool

    /// - Parameters:
    ///   - header: `traceparent` as it came; anything but a valid one begins a new trace.
    ///   - isSampled: whether a new trace counts as sampled.
    package init(_ header: String? = nil, isSampled: Bool = false) {
        span = Self.newSpan()
        if let header, let given = Self.parse(header) {
            (high, low, parentSpan, flags) = given
            isFollowed = true
        } else {
            (high, low, parentSpan, flags) = (Self.newSpan(), Self.newSpan(), 0, isSampled ? 1 : 0)
            isFollowed = isSampled
        }
        recorder = nil
    }

    /// The same, sampled or not as somebody has decided.
    ///
    /// - Parameter sink: where the spans of a sampled one go.
    package init(_ other: TraceContext, isSampled: Bool, sink: @escaping SpanSink) {
        (high, low, parentSpan, span) = (other.high, other.low, other.parentSpan, other.span)
        state = other.state
        isFollowed = true
        flags = isSampled ? 1 : 0
        recorder =
            isSampled ? SpanRecorder(high: high, low: low, span: span, parent: parentSpan, sink: sink) : nil
    }

    /// Whether the client has sent a valid `traceparent`.
    package var hasParent: Bool { parentSpan != 0 }
    package var isSampled: Bool { flags & 1 == 1 }

    /// 32 hexadecimal digits.
    package var traceID: String {
        String(unsafeUninitializedCapacity: 32) { text in
            Self.write(high, to: text, at: 0)
            Self.write(low, to: text, at: 16)
            return 32
        }
    }

    /// `traceparent` for somebody who is called within `span`. Flags beyond "sampled" are not passed on: nobody here
    /// can vouch for them.
    package func header(span: UInt64) -> String {
        String(unsafeUninitializedCapacity: 55) { text in
            _ = text.initialize(from: "00-00000000000000000000000000000000-0000000000000000-00".utf8)
            Self.write(high, to: text, at: 3)
            Self.write(low, to: text, at: 19)
            Self.write(span, to: text, at: 36)
            text[54] += flags & 1
            return 55
        }
    }

    /// Writes 16 hexadecimal digits.
    private static func write(_ number: UInt64, to text: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
        for place in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: number >> (60 - 4 * place)) & 0xF
            text[start + place] = digit < 10 ? 0x30 + digit : 0x57 + digit
        }
    }

    /// Takes the client's `tracestate`. It means nothing without the parent that it came with.
    package mutating func take(state header: String?) {
        if hasParent { state = header.flatMap(TraceState.checked) }
    }

    // MARK: Reading

    /// Version 00 has exactly four parts; a later one may have more after them. Ids of zeros, capital letters and
    /// version ff are not valid.
    private static func parse(_ header: String) -> (UInt64, UInt64, UInt64, UInt8)? {
        let bytes = Array(header.utf8)
        guard bytes.count >= 55, bytes.count <= 512, bytes[2] == 0x2D, bytes[35] == 0x2D, bytes[52] == 0x2D else {
            return nil
        }
        guard let version = number(bytes[0..<2]), version != 0xFF else { return nil }
        guard bytes.count == 55 || (version > 0 && bytes[55] == 0x2D) else { return nil }
        guard let high = number(bytes[3..<19]), let low = number(bytes[19..<35]),
            let parent = number(bytes[36..<52]), let flags = number(bytes[53..<55])
        else { return nil }
        guard high | low != 0, parent != 0 else { return nil }
        return (high, low, parent, UInt8(flags))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 48...57: value = value << 4 | UInt64(digit - 48)
            case 97...102: value = value << 4 | UInt64(digit - 87)
            default: return nil
            }
        }
        return value
    }

    // MARK: Making

    /// A number that no other span has; not secret.
    package static func newSpan() -> UInt64 { UniqueNumber.next() }
}
