// A bot: a prompt, tools and bounds under the name that clients give as the model.

/// A bot as its file describes it, checked.
package struct Bot: Sendable, Hashable {
    /// What clients may name as `model`, e.g. `ops-bot-001`.
    package let id: String
    /// The other name, e.g. `ops-assistant-bot`.
    package let name: String
    /// For people.
    package let title: String
    package let description: String?
    /// A model route, or `provider/model`.
    package let model: String
    /// The system prompt's template.
    package let prompt: PromptTemplate
    /// Patterns of granted tools.
    package let tools: [String]
    /// Names of write tools that run at once, with the caller's rights, whoever asks; the others wait for a person.
    package var withoutApproval: [String] = []
    package let skills: [Skill]
    package let limits: TurnLimits
    /// How much of it may be used, by all callers together.
    package var usageLimits = LimitSet()
    package let options: Options

    /// How the bot behaves where the request says nothing.
    package struct Options: Sendable, Hashable {
        package var temperature: Double?
        package var maxTokens: Int?
        /// Shows the steps of the tool loop as `reasoning_content` on the standard route too.
        package var showSteps = false
    }
}

/// A task that a bot is ready for: run by automations through `skill_execute`.
package struct Skill: Sendable, Hashable {
    package let id: String
    package let name: String
    package let prompt: PromptTemplate
    /// Patterns of the tools for this task; what the bot itself is not granted stays out.
    package let tools: [String]
    /// As the bot's, for this task alone; for automations, which nobody watches.
    package var withoutApproval: [String] = []
}

/// The bounds of one turn.
package struct TurnLimits: Sendable, Hashable {
    /// Calls of the model.
    package var rounds = 8
    /// Time for one tool call.
    package var toolTime: Duration = .seconds(30)
    /// Time for the whole turn.
    package var turnTime: Duration = .seconds(300)
    /// Bytes of one tool result.
    package var resultBytes = 24_000
    /// Bytes of all tool results of a turn.
    package var totalResultBytes = 200_000
    /// How often one and the same call may run in a turn.
    package var identicalCalls = 2
    /// Calls of one round that run; more are refused.
    package var parallelCalls = 16

    package init() {}
}
