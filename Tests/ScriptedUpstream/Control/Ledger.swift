// What was reported to whom, request by request, so that a gateway's books can be compared with it line by line.
import NIOHTTP1
import Synchronization

/// The tokens that an answer reported.
struct ReportedTokens: Sendable {
    var prompt: Int
    var completion: Int

    /// The tokens of a `usage` object in OpenAI's form.
    init(_ usage: [String: Value]) {
        prompt = usage["prompt_tokens"]?.integer ?? 0
        completion = usage["completion_tokens"]?.integer ?? 0
    }
}

/// One line for each scripted answer and each refused request; those of the benchmark's models are not written down.
final class Ledger: Sendable {
    enum End: String { case open, finished, cancelled, broken, refused }

    private struct Line {
        var number: Int
        /// When it was taken, in milliseconds since 1970.
        var at: Double
        /// The gateway's `x-request-id`.
        var requestID: String
        var model: String
        var isStream: Bool
        var status: Int
        var end: End
        /// nil: no usage was sent, or not all of it.
        var reported: ReportedTokens?
        /// How many pieces of its body had gone out at the end.
        var pieces = 0
    }

    /// Lines at the most; what comes after is counted only.
    static let capacity = 1_000_000

    private struct State {
        var lines: [Line] = []
        var places: [Int: Int] = [:]
        var dropped = 0
    }

    private let state = Mutex(State())

    func open(_ request: Request, number: Int, model: String, isStream: Bool, status: Int, end: End = .open) {
        let id = request.head.headers.first(name: "x-request-id") ?? ""
        state.withLock { state in
            guard state.lines.count < Ledger.capacity else {
                state.dropped += 1
                return
            }
            if end == .open { state.places[number] = state.lines.count }
            state.lines.append(
                Line(
                    number: number,
                    at: Counters.now(),
                    requestID: id,
                    model: model,
                    isStream: isStream,
                    status: status,
                    end: end
                )
            )
        }
    }

    func close(_ performance: Performance, _ end: End) {
        guard let number = performance.number else { return }
        state.withLock { state in
            guard let place = state.places.removeValue(forKey: number) else { return }
            state.lines[place].end = end
            state.lines[place].reported = performance.reported
            state.lines[place].pieces = performance.sent
        }
    }

    func reset() {
        state.withLock { $0 = State() }
    }

    /// `{"dropped":0,"lines":[{"number","at","request_id","model","stream","status","end","pieces","prompt_tokens",…}]}`
    var json: String {
        let (lines, dropped) = state.withLock { ($0.lines, $0.dropped) }
        let texts = lines.map { line in
            "{\"number\":\(line.number),\"at\":\(line.at),\"request_id\":\(quoted(line.requestID)),\"model\":\(quoted(line.model)),"
                + "\"stream\":\(line.isStream),\"status\":\(line.status),\"end\":\"\(line.end.rawValue)\","
                + "\"pieces\":\(line.pieces),"
                + "\"prompt_tokens\":\(line.reported.map { "\($0.prompt)" } ?? "null"),"
                + "\"completion_tokens\":\(line.reported.map { "\($0.completion)" } ?? "null")}"
        }
        return "{\"dropped\":\(dropped),\"lines\":[" + texts.joined(separator: ",") + "]}"
    }
}
