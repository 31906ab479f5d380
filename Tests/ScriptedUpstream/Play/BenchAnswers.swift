// Answers for the benchmark, made once: the load must not be limited by what the upstream computes.
import NIOCore
import Synchronization

/// The prepared answers of the models `bench`, `bench-each` and `paced-Nms` (or `paced-Nms-COUNT`).
final class BenchAnswers: Sendable {
    /// What the name of a model asks for.
    enum Kind: Equatable {
        case atOnce
        case each
        case paced(milliseconds: Int, count: Int)

        init?(model: String) {
            switch model {
            case "bench": self = .atOnce
            case "bench-each": self = .each
            default:
                let parts = model.split(separator: "-")
                guard parts.count == 2 || parts.count == 3, parts[0] == "paced", parts[1].hasSuffix("ms"),
                    let pause = Int(parts[1].dropLast(2)), pause > 0
                else { return nil }
                let count = parts.count == 3 ? Int(parts[2]) : 100
                guard let count, (1...10_000).contains(count) else { return nil }
                self = .paced(milliseconds: pause, count: count)
            }
        }

        /// The tokens that the answer's usage names: one a text.
        func completionTokens(stream: Bool) -> Int {
            guard stream else { return 1 }
            if case .paced(_, let count) = self { return count }
            return 100
        }
    }

    static let promptTokens = 12
    private let answer: ByteBuffer
    private let streamHead: ByteBuffer
    private let streamAtOnce: ByteBuffer
    private let streamAtOnceWithUsage: ByteBuffer
    private let cache = Mutex<[String: [Performance.Piece]]>([:])

    init() {
        let completion = BenchAnswers.speech(["Nothing is firing."], usage: true, stream: false).completion()
        var answer = Head.bytes(
            status: 200,
            contentType: "application/json",
            length: completion.utf8.count,
            chunked: false,
            closes: false
        )
        answer.writeString(completion)
        self.answer = answer
        streamHead = Head.bytes(
            status: 200,
            contentType: "text/event-stream; charset=utf-8",
            length: nil,
            chunked: true,
            closes: false
        )
        streamAtOnce = BenchAnswers.joined(streamHead, BenchAnswers.frames(count: 100, usage: false))
        streamAtOnceWithUsage = BenchAnswers.joined(streamHead, BenchAnswers.frames(count: 100, usage: true))
    }

    func performance(_ kind: Kind, stream: Bool, usage: Bool) -> Performance {
        guard stream else { return Performance(account: .answer, head: answer) }
        switch kind {
        case .atOnce:
            return Performance(account: .stream, head: usage ? streamAtOnceWithUsage : streamAtOnce)
        case .each:
            var performance = Performance(account: .stream, head: streamHead)
            performance.pieces = pieces(count: 100, pause: 0, usage: usage)
            return performance
        case .paced(let milliseconds, let count):
            var performance = Performance(account: .stream, head: streamHead)
            performance.pieces = pieces(count: count, pause: milliseconds, usage: usage)
            performance.flushesEach = false
            return performance
        }
    }

    /// The frames as pieces: the role at once, then one text a beat; finish, usage and [DONE] come with the last text.
    private func pieces(count: Int, pause: Int, usage: Bool) -> [Performance.Piece] {
        cache.withLock { cache in
            let key = "\(count) \(pause) \(usage)"
            if let pieces = cache[key] { return pieces }
            let pieces = BenchAnswers.frames(count: count, usage: usage).enumerated().map { index, frame in
                let onBeat = index > 0 && index <= count
                return Performance.Piece(bytes: frame, delay: onBeat ? .milliseconds(Int64(pause)) : .zero)
            }
            cache[key] = pieces
            return pieces
        }
    }

    /// Every event of a stream with so many texts, each as one chunk of HTTP, and the end of the body.
    private static func frames(count: Int, usage: Bool) -> [ByteBuffer] {
        let texts = (0..<count).map { "t" + String(10_000 + $0).dropFirst() + " " }
        let data = speech(texts, usage: usage, stream: true).chunks().data + ["[DONE]"]
        var frames = data.map { data in
            let event = "data: " + data + "\n\n"
            return ByteBuffer(string: String(event.utf8.count, radix: 16) + "\r\n" + event + "\r\n")
        }
        frames.append(ByteBuffer(string: "0\r\n\r\n"))
        return frames
    }

    private static func joined(_ head: ByteBuffer, _ frames: [ByteBuffer]) -> ByteBuffer {
        var whole = head
        for frame in frames { whole.writeImmutableBuffer(frame) }
        return whole
    }

    private static func speech(_ texts: [String], usage: Bool, stream: Bool) -> Speech {
        var step = Step(saying: "")
        step.text = texts
        step.usage = [
            "prompt_tokens": .integer(Int64(promptTokens)), "completion_tokens": .integer(Int64(texts.count)),
            "total_tokens": .integer(Int64(promptTokens + texts.count)),
        ]
        var request = ChatRequest([:])
        request.model = "bench"
        request.stream = stream
        request.includeUsage = usage
        return Speech(step: step, request: request, id: "chatcmpl-bench", created: 1_700_000_000)
    }
}
