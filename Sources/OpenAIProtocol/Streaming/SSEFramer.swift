// Reading server-sent events from bytes that may be split anywhere.

/// One event as it was framed: its data lines joined with LF, and its `event:` name where there was one.
package struct ServerSentEvent: Sendable, Hashable {
    package let name: String?
    /// A part of the bytes that it came in, wherever it came in one line.
    package let text: ArraySlice<UInt8>

    init(name: String? = nil, text: ArraySlice<UInt8>) {
        self.name = name
        self.text = text
    }

    /// A copy of its data.
    package var data: [UInt8] { Array(text) }

    /// `[DONE]`, the end marker of the OpenAI protocol.
    package var isDone: Bool { text.starts(with: Self.doneMarker) }

    private static let doneMarker = Array("[DONE]".utf8)
}

/// A line or an event was longer than the framer keeps.
package struct SSEOverflow: Error, Sendable, Hashable {
    package let limit: Int
}

/// Splits a stream of bytes into events (WHATWG HTML, "Server-sent events"): lines end with LF, CRLF or CR, comments
/// and unknown fields are dropped, a blank line ends an event.
///
/// Memory is bounded: an event of more than `limit` bytes is an error, not a buffer that grows.
package struct SSEFramer: Sendable {
    private let limit: Int
    /// Bytes of the line that has not ended yet.
    private var line: [UInt8] = []
    private var data: ArraySlice<UInt8> = []
    private var hasData = false
    private var name: String?
    /// The last byte was CR, so that an LF now belongs to the same line end.
    private var afterCarriageReturn = false
    private var isAtStart = true

    package init(limit: Int = 16 << 20) {
        self.limit = limit
    }

    /// Takes more bytes and returns the events that are complete now.
    package mutating func append(_ bytes: [UInt8]) throws(SSEOverflow) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        var start = 0
        var index = 0
        let end = bytes.count
        while index < end {
            let byte = bytes[index]
            if byte != 0x0A && byte != 0x0D {
                index += 1
                continue
            }
            if byte == 0x0A && afterCarriageReturn && index == start && line.isEmpty {
                // The LF of a CRLF whose CR ended the line already.
                afterCarriageReturn = false
                index += 1
                start = index
                continue
            }
            if line.isEmpty {
                try endLine(bytes[start..<index], into: &events)
            } else {
                line.append(contentsOf: bytes[start..<index])
                let whole = line
                line.removeAll(keepingCapacity: true)
                try endLine(whole[...], into: &events)
            }
            afterCarriageReturn = byte == 0x0D
            index += 1
            start = index
        }
        if start < end {
            line.append(contentsOf: bytes[start..<end])
            afterCarriageReturn = false
            if line.count > limit { throw SSEOverflow(limit: limit) }
        }
        return events
    }

    /// At the end of the stream: the last event, where the sender forgot the blank line. Upstreams do.
    package mutating func finish() throws(SSEOverflow) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        if !line.isEmpty {
            let whole = line
            line = []
            try endLine(whole[...], into: &events)
        }
        dispatch(into: &events)
        return events
    }

    private mutating func endLine(_ text: ArraySlice<UInt8>, into events: inout [ServerSentEvent]) throws(SSEOverflow) {
        var text = text
        if isAtStart {
            isAtStart = false
            if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        }
        guard let first = text.first else {
            dispatch(into: &events)
            return
        }
        if first == 0x3A { return }
        if let value = Self.value(of: Self.dataField, in: text) {
            if data.count + value.count > limit { throw SSEOverflow(limit: limit) }
            if hasData {
                data.append(0x0A)
                data.append(contentsOf: value)
            } else {
                data = value
            }
            hasData = true
        } else if let value = Self.value(of: Self.eventField, in: text) {
            name = String(decoding: value, as: UTF8.self)
        }
    }

    private mutating func dispatch(into events: inout [ServerSentEvent]) {
        if hasData { events.append(ServerSentEvent(name: name, text: data)) }
        data = []
        hasData = false
        name = nil
    }

    private static let dataField = Array("data".utf8)
    private static let eventField = Array("event".utf8)

    /// The value of a line `field:value` or `field: value`, nil when the line is another field.
    private static func value(of field: [UInt8], in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard line.starts(with: field) else { return nil }
        let rest = line.dropFirst(field.count)
        guard let colon = rest.first else { return rest }
        guard colon == 0x3A else { return nil }
        let value = rest.dropFirst()
        return value.first == 0x20 ? value.dropFirst() : value
    }
}
