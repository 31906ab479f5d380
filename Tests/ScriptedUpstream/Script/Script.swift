// A whole script: rules first, then a queue of steps, then a default.

/// What the tester told the upstream to do, and how far it has come.
struct Script: Sendable {
    struct Rule: Sendable {
        var model: String?
        /// Text that the last user message contains.
        var contains: String?
        /// 1 before any tool result of the current question, 2 after the first, …
        var round: Int?
        /// How often the rule still holds; nil is for ever.
        var times: Int?
        var step: Step
    }

    private var rules: [Rule] = []
    private var queue: [Step] = []
    private var standard: Step?
    /// The ids that `GET /v1/models` lists; nil is the built-in list.
    private(set) var models: [String]?
    /// Whether anything was scripted: then a request without a step is the test's fault, and is told.
    private(set) var isEmpty = true

    init() {}

    /// - Throws: ``ScriptError`` naming the member that is wrong.
    init(_ value: Value) throws(ScriptError) {
        var members = try Members(value, path: "script")
        for (index, value) in (try members.array("rules") ?? []).enumerated() {
            var rule = try Members(value, path: "script.rules[\(index)]")
            guard let step = rule.take("step") else { throw ScriptError("\(rule.path).step is missing") }
            rules.append(
                Rule(
                    model: try rule.string("model"),
                    contains: try rule.string("contains"),
                    round: try rule.integer("round", from: 1),
                    times: try rule.integer("times", from: 1),
                    step: try Step(step, path: rule.path + ".step")
                )
            )
            try rule.finish()
        }
        for (index, value) in (try members.array("queue") ?? []).enumerated() {
            queue.append(try Step(value, path: "script.queue[\(index)]"))
        }
        standard = try members.take("default").map { value throws(ScriptError) in
            try Step(value, path: "script.default")
        }
        models = try members.strings("models")
        try members.finish()
        isEmpty = rules.isEmpty && queue.isEmpty && standard == nil
    }

    /// The step for a request; nil if the script has none left that fits.
    mutating func next(for request: ChatRequest) -> Step? {
        for index in rules.indices where rules[index].fits(request) {
            if let times = rules[index].times { rules[index].times = times - 1 }
            return rules[index].step
        }
        return queue.isEmpty ? standard : queue.removeFirst()
    }
}

extension Script.Rule {
    func fits(_ request: ChatRequest) -> Bool {
        if let times, times == 0 { return false }
        if let model, model != request.model { return false }
        if let round, round != request.round { return false }
        if let contains, !request.lastUserText.contains(contains) { return false }
        return true
    }
}
