// Spans as `ExportTraceServiceRequest` (opentelemetry-proto 1, `trace/v1/trace.proto`).

import Conversation

extension OTLPMessage {
    /// - Parameter resource: attributes of who sends.
    static func traces(_ spans: [Span], resource: [(String, String)]) -> OTLPMessage {
        OTLPParts.request(
            resource,
            groups: "resourceSpans",
            scopes: "scopeSpans",
            items: "spans",
            spans.map(span)
        )
    }

    private static func span(_ span: Span) -> OTLPMessage {
        var message = OTLPMessage([
            (1, "traceId", .identifier(bytes(span.high) + bytes(span.low))), (2, "spanId", .identifier(bytes(span.id))),
        ])
        if span.parent != 0 { message.add(4, "parentSpanId", .identifier(bytes(span.parent))) }
        message.add(5, "name", .text(span.name))
        message.add(6, "kind", .choice(span.kind.rawValue))
        message.add(7, "startTimeUnixNano", .fixed64(UInt64(max(0, span.start))))
        message.add(8, "endTimeUnixNano", .fixed64(UInt64(max(span.start, span.end, 0))))
        message.add(9, "attributes", .messages(span.attributes.map { OTLPParts.attribute($0.name, $0.value) }))
        if span.isError { message.add(15, "status", .message(OTLPMessage([(3, "code", .choice(2))]))) }
        // W3C's flags, and from bit 8 on that it is known whether the parent is remote, and whether it is.
        message.add(16, "flags", .fixed32(span.hasRemoteParent ? 0x301 : 0x101))
        return message
    }

    private static func bytes(_ number: UInt64) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
}
