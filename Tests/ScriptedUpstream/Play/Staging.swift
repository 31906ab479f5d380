// From a step to the performance of it: kind of answer, framing, and where it dies.
import NIOCore

/// Builds the performance of one step for one request.
struct Staging {
    let step: Step
    let speech: Speech
    let requestID: String
    /// Whether the client can read chunked coding and wants to keep the connection.
    let http11: Bool
    let keepAlive: Bool

    /// Whether the answer is a stream of events.
    var streams: Bool { step.status == 200 && step.body == nil && speech.streams }

    func performance() -> Performance {
        var pieces: [Performance.Piece]
        var contentType: String
        if let body = step.body {
            pieces = body.isEmpty ? [] : [Performance.Piece(bytes: ByteBuffer(bytes: body))]
            contentType = body.first == UInt8(ascii: "{") ? "application/json" : "text/html; charset=utf-8"
        } else if step.status != 200 {
            pieces = [Performance.Piece(bytes: ByteBuffer(string: usualError().text(speech.dialect)))]
            contentType = "application/json"
        } else if streams {
            pieces = EventStream(step: step, speech: speech).pieces()
            contentType = "text/event-stream; charset=utf-8"
        } else {
            let reports = speech.reportsUsage ? ReportedTokens(step.usage) : nil
            pieces = [Performance.Piece(bytes: ByteBuffer(string: speech.completion()), reports: reports)]
            contentType = "application/json"
        }
        contentType = step.contentType ?? contentType
        if step.blankLines > 0 {
            let blank = ByteBuffer(string: String(repeating: "\n", count: step.blankLines))
            pieces.insert(Performance.Piece(bytes: blank), at: 0)
        }
        if !streams, !pieces.isEmpty { pieces[0].delay = .milliseconds(Int64(step.delayBeforeFirst)) }

        var framing = step.framing ?? (streams ? .chunked : .length)
        if framing == .chunked, !http11 { framing = .close }
        if framing == .length, step.infinite { framing = .close }
        let closes = framing == .close || !keepAlive
        let length = framing == .length ? pieces.reduce(0) { $0 + $1.bytes.readableBytes * $1.times } : nil
        var performance = Performance(
            account: streams ? .stream : .answer,
            head: Head.bytes(
                status: step.status,
                contentType: contentType,
                length: length,
                chunked: framing == .chunked,
                closes: closes,
                headers: step.headers + [("x-request-id", requestID)]
            )
        )
        performance.delayBeforeHead = .milliseconds(Int64(step.delayBeforeHead))
        performance.pieces = pieces
        performance.chunked = framing == .chunked
        performance.ending = closes ? .close : .keepAlive
        if let dying = step.dying { kill(&performance, dying) }
        return performance
    }

    /// Cuts the body after the byte where the connection dies; the declared length stays as it was.
    private func kill(_ performance: inout Performance, _ dying: Step.Dying) {
        performance.ending = .abort(dying.how)
        guard var left = dying.afterBodyBytes else {
            performance.head = nil
            performance.pieces = []
            return
        }
        var kept: [Performance.Piece] = []
        for var piece in performance.pieces where left > 0 {
            let size = piece.bytes.readableBytes
            if size > 0, size * min(piece.times, left / size + 1) > left {
                let whole = left / size
                if whole > 0 {
                    piece.times = whole
                    kept.append(piece)
                    left -= whole * size
                }
                if let part = piece.bytes.getSlice(at: piece.bytes.readerIndex, length: left), left > 0 {
                    kept.append(Performance.Piece(bytes: part, delay: piece.delay))
                }
                left = 0
            } else {
                kept.append(piece)
                left -= size * piece.times
            }
        }
        performance.pieces = kept
    }

    /// The error body that the real service sends with this status.
    private func usualError() -> Refusal {
        let (type, code): (String, String?) =
            switch step.status {
            case 401: ("invalid_request_error", "invalid_api_key")
            case 403: ("permission_error", nil)
            case 404: ("invalid_request_error", "model_not_found")
            case 429: ("requests", "rate_limit_exceeded")
            case 500...: ("server_error", nil)
            default: ("invalid_request_error", nil)
            }
        return Refusal(status: step.status, type: type, code: code, message: "scripted status \(step.status)")
    }
}
