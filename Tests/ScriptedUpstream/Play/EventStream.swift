// Chunks as the bytes of an event stream, in whatever form the step wants.
import NIOCore

/// Turns the data of events into pieces of a body.
struct EventStream {
    let step: Step
    let speech: Speech

    private var lineEnd: String {
        switch step.lineEnd {
        case .lf: "\n"
        case .crlf: "\r\n"
        case .cr: "\r"
        }
    }

    func pieces() -> [Performance.Piece] {
        var pieces = step.firstEvents.map { piece($0) }
        let (chunks, texts) = speech.chunks()
        let afterRole = step.roleChunk ? max(speech.request.choices, 1) : 0
        for (position, data) in chunks.enumerated() {
            if position == afterRole, let huge = step.huge { pieces += hugeEvent(huge) }
            var next = piece(data)
            if step.infinite, position == texts.upperBound - 1 { next.times = .max }
            pieces.append(next)
        }
        if step.huge?.endsWithNewline == false {
            // Nothing can follow an event that never ends.
            pieces = Array(pieces.prefix(step.firstEvents.count + afterRole + 1 + (step.huge?.mebibytes ?? 0) * 16))
        } else if step.done, speech.dialect.hasEndMarker {
            pieces.append(piece("[DONE]"))
        }
        if !step.finalBlankLine, var last = pieces.popLast() {
            last.bytes.moveWriterIndex(to: last.bytes.writerIndex - lineEnd.utf8.count)
            pieces.append(last)
        }
        for index in pieces.indices.dropFirst() {
            pieces[index].delay = .milliseconds(Int64(step.delayBetween))
        }
        if !pieces.isEmpty { pieces[0].delay = .milliseconds(Int64(step.delayBeforeFirst)) }
        return split(pieces)
    }

    /// One event: comment and fields as the step wants them, the data line, a blank line.
    private func piece(_ data: String) -> Performance.Piece {
        var text = ""
        if let comment = step.comment { text += ": " + comment + lineEnd + lineEnd }
        for field in step.fields { text += field + lineEnd }
        if speech.dialect == .anthropic, data.hasPrefix("{\"type\":\"") {
            text += "event: " + data.dropFirst(9).prefix { $0 != "\"" } + lineEnd
        }
        text += "data: " + data + lineEnd + lineEnd
        return Performance.Piece(bytes: ByteBuffer(string: text), reports: reported(by: data))
    }

    private func reported(by data: String) -> ReportedTokens? {
        switch speech.dialect {
        case .openAI, .azure: break
        case .anthropic: return data.contains("\"message_delta\"") ? ReportedTokens(step.usage) : nil
        case .gemini: return data.contains("\"candidatesTokenCount\"") ? ReportedTokens(step.usage) : nil
        }
        guard data.contains("\"usage\":{"), let chunk = try? Value(parsing: Array(data.utf8)) else { return nil }
        return chunk.object?["usage"]?.object.map { ReportedTokens($0) }
    }

    /// A text delta of so many MiB, in pieces of 64 KiB; or as much data without any line end.
    private func hugeEvent(_ event: Step.HugeEvent) -> [Performance.Piece] {
        let filler = ByteBuffer(repeating: UInt8(ascii: "x"), count: 65_536)
        let body = [Performance.Piece](repeating: Performance.Piece(bytes: filler), count: event.mebibytes * 16)
        guard event.endsWithNewline else { return [Performance.Piece(bytes: ByteBuffer(string: "data: "))] + body }
        let frame = speech.chunk(0, delta: "\"content\":\"\u{1}\"").split(separator: "\u{1}", maxSplits: 1)
        let (open, close) = (String(frame.first ?? ""), String(frame.last ?? ""))
        return [Performance.Piece(bytes: ByteBuffer(string: "data: " + open))] + body
            + [Performance.Piece(bytes: ByteBuffer(string: close + lineEnd + lineEnd))]
    }

    /// Cuts every so many bytes, or at the given offsets of the whole body. A cut-off rest follows without a pause.
    private func split(_ pieces: [Performance.Piece]) -> [Performance.Piece] {
        guard step.splitEvery != nil || !step.splitAt.isEmpty else { return pieces }
        // At given offsets only these are borders; everything between them goes out together.
        var source = pieces
        if step.splitEvery == nil {
            var whole = ByteBuffer()
            for piece in pieces { whole.writeImmutableBuffer(piece.bytes) }
            let reports = pieces.lazy.compactMap(\.reports).last
            source = [Performance.Piece(bytes: whole, delay: pieces.first?.delay ?? .zero, reports: reports)]
        }
        var result: [Performance.Piece] = []
        var cuts = step.splitAt[...]
        var offset = 0
        for piece in source {
            var rest = piece.bytes
            var delay = piece.delay
            while rest.readableBytes > 0 {
                var size = step.splitEvery ?? rest.readableBytes
                if let cut = cuts.first, cut > offset {
                    size = min(size, cut - offset)
                }
                guard let part = rest.readSlice(length: min(size, rest.readableBytes)) else { break }
                offset += part.readableBytes
                if let cut = cuts.first, cut <= offset { cuts.removeFirst() }
                result.append(Performance.Piece(bytes: part, delay: delay))
                delay = step.splitEvery == nil ? .milliseconds(Int64(step.delayBetween)) : .zero
            }
            if !result.isEmpty { result[result.count - 1].reports = piece.reports }
        }
        return result
    }
}
