// The tool loop's rules: which calls run, which are refused and why. Pure; the running is `ToolRunner`'s.

import JSON
import OpenAIProtocol
import Tools

/// Keeps count of a turn's tool calls and of the bytes that their results took.
struct ToolLoop: Sendable {
    /// What becomes of one call.
    enum Verdict: Sendable {
        case run(Tool, JSONObject)
        /// The model is told this instead of a result.
        case refuse(ToolResult)
    }

    private let limits: TurnLimits
    private let tools: [String: Tool]
    private let clientTools: [String]
    private var seen: [String: Int] = [:]
    private var resultBytes = 0
    /// Names of tools that ran, in order, for the usage row.
    private(set) var ran: [String] = []

    init(limits: TurnLimits, tools: [Tool], clientTools: [String]) {
        self.limits = limits
        self.tools = Dictionary(tools.map { ($0.name, $0) }) { first, _ in first }
        self.clientTools = clientTools
    }

    /// True when results have used up their bytes: the next round is the last.
    var isExhausted: Bool { resultBytes >= limits.totalResultBytes }

    /// Judges the calls of one round in the model's order.
    mutating func judge(_ calls: [ToolCall]) -> [Verdict] {
        var running = 0
        return calls.map { call in
            let verdict = judge(call)
            guard case .run(let tool, let arguments) = verdict else { return verdict }
            guard running < limits.parallelCalls else {
                return .refuse(.error("More than \(limits.parallelCalls) calls at once; ask for the rest afterwards."))
            }
            running += 1
            seen[Self.key(call, arguments), default: 0] += 1
            ran.append(tool.name)
            return verdict
        }
    }

    private static func key(_ call: ToolCall, _ arguments: JSONObject) -> String {
        call.name + " " + arguments.canonicalText
    }

    private func judge(_ call: ToolCall) -> Verdict {
        guard let tool = tools[call.name] else {
            let valid = (tools.keys.sorted() + clientTools).joined(separator: ", ")
            return .refuse(
                .error(
                    "There is no tool named `\(call.name)`.",
                    hint: valid.isEmpty ? "No tools are available." : "Available tools: \(valid)."
                )
            )
        }
        switch ArgumentCheck(schema: tool.parameters).check(call.arguments.decoded) {
        case .failure(let fault):
            return .refuse(.error(fault.message, hint: "Call \(tool.name) again with corrected arguments."))
        case .success(let arguments):
            if (seen[Self.key(call, arguments)] ?? 0) >= limits.identicalCalls {
                return .refuse(
                    .error(
                        "This identical call has been made \(limits.identicalCalls) times already; use its result.",
                        hint: "Answer with what you have, or ask something different."
                    )
                )
            }
            if isExhausted {
                return .refuse(.error("No room is left for more tool results; answer with what you have."))
            }
            return .run(tool, arguments)
        }
    }

    /// How many bytes the result of one of `count` calls may take that run side by side: what is left is shared.
    func budget(for tool: Tool, sharing count: Int) -> Int {
        let share = (limits.totalResultBytes - resultBytes) / max(count, 1)
        return max(500, min(tool.budget.bytes, limits.resultBytes, share))
    }

    mutating func count(resultBytes bytes: Int) {
        resultBytes += bytes
    }
}
