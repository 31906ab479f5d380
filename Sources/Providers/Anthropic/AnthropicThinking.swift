// From `reasoning_effort` to what makes a Claude model think.

import JSON

/// `thinking` and `output_config` of a request. A model thinks only when it was asked to.
struct AnthropicThinking {
    /// How a model is told how hard to think.
    enum Style: Sendable {
        /// `thinking.budget_tokens`, the form of all models up to Claude 4.6.
        case budget
        /// `output_config.effort` with adaptive thinking, the only form of later ones.
        case effort
        /// Not at all: it does not think.
        case none
    }

    private(set) var member: JSONValue?
    private(set) var output: JSONObject = [:]
    private(set) var isDropped = false

    /// - Parameters:
    ///   - maximum: `max_tokens` of the request, which contains what is thought; without one it becomes room for both.
    ///   - usual: the room for an answer then.
    ///   - limit: what the model can write.
    init(
        effort: String?,
        style: Style,
        maximum: inout Int?,
        default usual: Int,
        limit: Int,
        isPossible: Bool
    ) {
        guard let effort, effort != "none", !effort.isEmpty else { return }
        guard style != .none else {
            isDropped = true
            return
        }
        var budget = Self.budgets[effort] ?? 8192
        if style == .effort {
            output["effort"] = .string(Self.efforts.contains(effort) ? effort : effort == "minimal" ? "low" : "medium")
            if isPossible {
                member = ["type": "adaptive"]
                maximum = maximum ?? min(budget + usual, limit)
            } else {
                isDropped = true
            }
            return
        }
        // Room for an answer must be left, and less than 1024 is refused.
        budget = min(budget, (maximum ?? limit) / 4 * 3)
        guard isPossible, budget >= 1024 else {
            isDropped = true
            return
        }
        maximum = maximum ?? min(budget + usual, limit)
        member = ["type": "enabled", "budget_tokens": .integer(budget)]
    }

    private static let efforts: Set<String> = ["low", "medium", "high", "xhigh", "max"]
    private static let budgets = [
        "minimal": 1024, "low": 2048, "medium": 8192, "high": 16_384, "xhigh": 32_768, "max": 32_768,
    ]
}
