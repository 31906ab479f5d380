// The events of an event stream, one by one as they arrive.

extension HTTPProbe {
    /// The next event of an event stream, as its lines stand there without the blank one; nil at the body's end.
    /// A rest that no blank line ended is returned as it is.
    package func event() async throws -> String? {
        var searched = 0
        while true {
            if let end = EventBorder.find(in: events, from: max(0, searched - 3)) {
                let text = String(decoding: events[..<end.lowerBound], as: UTF8.self)
                events.removeSubrange(..<end.upperBound)
                return text
            }
            searched = events.count
            guard let piece = try await bodyPiece() else {
                defer { events = [] }
                return events.isEmpty ? nil : String(decoding: events, as: UTF8.self)
            }
            events += piece
        }
    }

    /// The data of the next event that has some; comments are passed over. Nil at the body's end.
    package func eventData() async throws -> String? {
        while let event = try await event() {
            let lines = event.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("data:") }
            guard !lines.isEmpty else { continue }
            return lines.map { $0.dropFirst($0.hasPrefix("data: ") ? 6 : 5) }.joined(separator: "\n")
        }
        return nil
    }
}
