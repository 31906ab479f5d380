// What a step says, as the JSON of OpenAI's chunks and of its whole answers.

/// Writes the objects of one answer: same id, created and model in all of them.
struct Speech {
    let step: Step
    let request: ChatRequest
    let id: String
    let created: Int
    var dialect = Dialect.openAI

    private var extra: String { step.extraChunk.isEmpty ? "" : "," + Value.membersText(step.extraChunk) }
    private var usageText: String { Value.object(step.usage).text }

    /// Whether the answer reports usage at all.
    var reportsUsage: Bool {
        guard step.usagePlace != .missing else { return false }
        return !streams || request.includeUsage || step.usageUnasked || step.usagePlace != .end
    }

    var streams: Bool {
        switch step.answer {
        case .asked: request.stream
        case .stream: true
        case .json: false
        }
    }

    /// The data of every chunk in order, without `[DONE]`, and the positions of the chunks with text.
    func chunks() -> (data: [String], texts: Range<Int>) {
        var data: [String] = []
        switch dialect {
        case .openAI: break
        case .azure: data.append(envelope(choices: "", usage: nil))
        case .anthropic: return anthropicEvents()
        case .gemini: return geminiChunks()
        }
        if step.roleChunk {
            forEachChoice { data.append(chunk($0, delta: "\"role\":\"assistant\",\"content\":\"\"")) }
        }
        for piece in step.reasoning {
            forEachChoice { data.append(chunk($0, delta: "\"reasoning_content\":" + quoted(piece))) }
        }
        let start = data.count
        for piece in step.text {
            forEachChoice { data.append(chunk($0, delta: "\"content\":" + quoted(piece))) }
        }
        let texts = start..<data.count
        if let refusal = step.refusal {
            forEachChoice { data.append(chunk($0, delta: "\"refusal\":" + quoted(refusal))) }
        }
        for fragment in toolFragments() {
            forEachChoice { data.append(chunk($0, delta: "\"tool_calls\":[\(fragment)]")) }
        }
        data += step.lateEvents
        if step.finish != .null {
            forEachChoice { choice in
                let last = step.usagePlace == .lastChoice && choice == request.choices - 1
                data.append(chunk(choice, delta: nil, finish: step.finish, usage: last ? usageText : nil))
            }
        }
        if step.usagePlace == .end, reportsUsage {
            data.append(envelope(choices: "", usage: usageText))
        }
        return (data, texts)
    }

    /// One `chat.completion.chunk`; nil as delta is an empty one.
    func chunk(_ choice: Int, delta: String?, finish: Value = .null, usage: String? = nil) -> String {
        var members = delta ?? ""
        if delta != nil, !step.extraDelta.isEmpty { members += "," + Value.membersText(step.extraDelta) }
        let usage = usage ?? (step.usagePlace == .every ? usageText : nil)
        return envelope(
            choices: "{\"index\":\(choice),\"delta\":{\(members)},\"logprobs\":null,\"finish_reason\":\(finish.text)}",
            usage: usage
        )
    }

    private func envelope(choices: String, usage: String?) -> String {
        let usage = usage ?? (request.includeUsage ? "null" : nil)
        return "{\"id\":\(quoted(id)),\"object\":\"chat.completion.chunk\",\"created\":\(created),"
            + "\"model\":\(quoted(request.model)),\"choices\":[\(choices)]"
            + (usage.map { ",\"usage\":" + $0 } ?? "") + extra + "}"
    }

    private func forEachChoice(_ body: (Int) -> Void) {
        for choice in 0..<max(request.choices, 1) { body(choice) }
    }

    /// The members of `tool_calls` deltas: an opening one for each call, then its arguments in fragments.
    private func toolFragments() -> [String] {
        var perCall: [[String]] = []
        for (position, call) in step.toolCalls.enumerated() {
            let place =
                switch step.toolIndexes {
                case .normal: "\"index\":\(position),"
                case .zero: "\"index\":0,"
                case .missing: ""
                }
            let id = call.id.map { "\"id\":\(quoted($0))," } ?? ""
            let open = "{\(place)\(id)\"type\":\"function\",\"function\":{\"name\":\(quoted(call.name)),\"arguments\":"
            if step.argumentsAsObject {
                perCall.append([open + call.arguments + "}}"])
                continue
            }
            guard let size = step.argumentsEvery else {
                perCall.append([open + quoted(call.arguments) + "}}"])
                continue
            }
            var fragments = [open + "\"\"}}"]
            let scalars = Array(call.arguments.unicodeScalars)
            for start in stride(from: 0, to: scalars.count, by: size) {
                var piece = ""
                piece.unicodeScalars.append(contentsOf: scalars[start..<min(start + size, scalars.count)])
                let again = step.idOnEveryFragment ? id : ""
                fragments.append("{\(place)\(again)\"function\":{\"arguments\":\(quoted(piece))}}")
            }
            perCall.append(fragments)
        }
        guard step.interleaved else { return perCall.flatMap { $0 } }
        let longest = perCall.map(\.count).max() ?? 0
        return (0..<longest).flatMap { turn in perCall.compactMap { turn < $0.count ? $0[turn] : nil } }
    }

    /// The whole answer as one object.
    func completion() -> String {
        if dialect == .anthropic { return anthropicMessage() }
        if dialect == .gemini { return geminiAnswer() }
        let said = step.text.joined()
        var message = "\"role\":\"assistant\",\"content\":"
        message += step.text.isEmpty && !(step.toolCalls.isEmpty && step.refusal == nil) ? "null" : quoted(said)
        message += ",\"refusal\":" + (step.refusal.map(quoted) ?? "null")
        if !step.reasoning.isEmpty { message += ",\"reasoning_content\":" + quoted(step.reasoning.joined()) }
        if !step.toolCalls.isEmpty {
            let calls = step.toolCalls.map { call in
                let id = call.id.map { "\"id\":\(quoted($0))," } ?? ""
                let arguments = step.argumentsAsObject ? call.arguments : quoted(call.arguments)
                return "{\(id)\"type\":\"function\","
                    + "\"function\":{\"name\":\(quoted(call.name)),\"arguments\":\(arguments)}}"
            }
            message += ",\"tool_calls\":[" + calls.joined(separator: ",") + "]"
        }
        if !step.extraDelta.isEmpty { message += "," + Value.membersText(step.extraDelta) }
        let choices = (0..<max(request.choices, 1)).map { choice in
            "{\"index\":\(choice),\"message\":{\(message)},\"logprobs\":null,\"finish_reason\":\(step.finish.text)}"
        }
        return "{\"id\":\(quoted(id)),\"object\":\"chat.completion\",\"created\":\(created),"
            + "\"model\":\(quoted(request.model)),\"choices\":[\(choices.joined(separator: ","))]"
            + (reportsUsage ? ",\"usage\":" + usageText : "") + extra + "}"
    }
}
