// `POST /v1/embeddings`: vectors that tell which input they belong to, unless the script's step has another answer.
import NIOHTTP1
import Synchronization

extension Service {
    /// The vector of input `i` is `[i, 0.1, -2.5e-07, …]` with as many numbers as `dimensions` says, 3 if it does not.
    /// Usage is five tokens an input; none with `usage_at: missing`.
    func embeddings(_ request: Request, number: Int) throws(Refusal) -> Performance {
        let body = try parsed(request)
        let count = options.strict ? try Self.checkedInputs(body) : body["input"]?.array?.count ?? 1
        let chat = ChatRequest(body)
        var step = script.withLock { $0.next(for: chat) } ?? Step(saying: "")
        if step.status == 200, step.body == nil { step.body = Array(Self.vectors(count, body, step).utf8) }
        let staging = Staging(
            step: step,
            speech: Speech(step: step, request: chat, id: "emb-\(number)", created: 0),
            requestID: "upstream-\(number)",
            http11: request.head.version != .http1_0,
            keepAlive: request.head.isKeepAlive
        )
        journal.note(request, number: number, refusal: nil, keyMatches: keyMatches(request))
        let performance = staging.performance()
        counters.update { $0.start(performance.account) }
        return performance
    }

    private static func vectors(_ count: Int, _ body: [String: Value], _ step: Step) -> String {
        let size = body["dimensions"]?.integer ?? 3
        let data = (0..<count).map { index -> String in
            let numbers = (["\(index)", "0.1", "-2.5e-07"] + (3..<max(3, size)).map { "\($0)" }).prefix(size)
            return "{\"object\":\"embedding\",\"index\":\(index),\"embedding\":[\(numbers.joined(separator: ","))]}"
        }
        let usage = "\"usage\":{\"prompt_tokens\":\(5 * count),\"total_tokens\":\(5 * count)}"
        return
            "{\"object\":\"list\",\"data\":[\(data.joined(separator: ","))],\"model\":\(quoted(body["model"]?.string ?? ""))"
            + (step.usagePlace == .missing ? "}" : ",\(usage)}")
    }

    /// How many vectors are wanted.
    private static func checkedInputs(_ body: [String: Value]) throws(Refusal) -> Int {
        let known: Set<String> = ["model", "input", "dimensions", "encoding_format", "user"]
        if let stranger = body.keys.sorted().first(where: { !known.contains($0) }) {
            throw Refusal("Unrecognized request argument supplied: \(stranger)", parameter: stranger)
        }
        guard body["model"]?.string?.isEmpty == false else {
            throw Refusal("you must provide a model parameter", parameter: "model")
        }
        guard body["encoding_format"] == nil || body["encoding_format"]?.string == "float" else {
            throw Refusal("only floats are spoken here", parameter: "encoding_format")
        }
        if body["input"]?.string != nil { return 1 }
        guard let inputs = body["input"]?.array, let first = inputs.first else {
            throw Refusal("'$.input' is invalid.", parameter: "input")
        }
        if first.integer != nil { return 1 }
        guard inputs.allSatisfy({ $0.string?.isEmpty == false || $0.array?.isEmpty == false }) else {
            throw Refusal("'$.input' is invalid.", parameter: "input")
        }
        return inputs.count
    }
}
