// From the bytes of an event stream to model events.

import JSON
import OpenAIProtocol

/// Frames and reads the body of a streamed answer; tells a real end from a broken one.
struct EventReader<Reader: AnswerReader>: Sendable {
    private(set) var reader: Reader
    private var framer: SSEFramer
    private(set) var isDone = false
    /// A fault behind events of the same bytes: those are passed on first.
    private var fault: ProviderFailure?

    init(reader: Reader, limit: Int) {
        self.reader = reader
        framer = SSEFramer(limit: limit)
    }

    /// Events of the next bytes. What follows the protocol's end marker is not looked at.
    mutating func take(_ bytes: [UInt8]) throws(ProviderFailure) -> [ModelEvent] {
        try throwFault()
        do {
            return try read(try framer.append(bytes))
        } catch let overflow as SSEOverflow {
            throw reader.malformed("sent an event of more than \(overflow.limit) bytes")
        } catch let failure as ProviderFailure {
            throw failure
        } catch {
            throw reader.malformed("sent an unreadable stream")
        }
    }

    /// At the end of the body.
    ///
    /// - Throws: `connectionLost` when neither a finish nor the end marker was seen: a truncated answer must not look whole.
    mutating func end() throws(ProviderFailure) -> [ModelEvent] {
        try throwFault()
        var events: [ModelEvent] = []
        // Half an event is no fault of its own: it is how a cut stream ends.
        if !isDone, let last = try? framer.finish() { events = try readLast(last) }
        guard isDone || reader.sawFinish else {
            throw ProviderFailure(
                .connectionLost,
                "The provider \(reader.provider) ended its stream before the answer was complete.",
                provider: reader.provider
            )
        }
        return events
    }

    /// Whether the next call throws, whatever it is given.
    var isFaulty: Bool { fault != nil }

    private func throwFault() throws(ProviderFailure) {
        if let fault { throw fault }
    }

    private mutating func readLast(_ frames: [ServerSentEvent]) throws(ProviderFailure) -> [ModelEvent] {
        do {
            return try read(frames)
        } catch {
            if error.kind == .malformed { return [] }
            throw error
        }
    }

    private mutating func read(_ frames: [ServerSentEvent]) throws(ProviderFailure) -> [ModelEvent] {
        var events: [ModelEvent] = []
        for frame in frames where !isDone {
            if frame.isDone {
                isDone = true
            } else if frame.name != "error", let event = reader.repeated(frame.text) {
                events.append(event)
            } else if !frame.text.isEmpty || frame.name == "error" {
                do throws(ProviderFailure) {
                    if frame.name == "error" { throw .from(errorEvent: frame.data, provider: reader.provider) }
                    try reader.read(frame.data, into: &events)
                    isDone = reader.sawEnd
                } catch {
                    if events.isEmpty { throw error }
                    fault = error
                    return events
                }
            }
        }
        return events
    }
}
