// What a turn sets out to do: who speaks to which bot or model, with what, and within which bounds.

package import Identity
package import JSON
package import OpenAIProtocol
package import Providers
import Resources
package import Tools

/// Everything that a turn is given. A value: two equal plans behave alike.
package struct TurnPlan: Sendable {
    package var requestID: String
    /// The trace that the request belongs to; its rounds are spans of it.
    package var trace = TraceContext()
    package var caller: Caller
    /// The way the request came, for the usage row: `chat`, `lobe_chat`, `skill_execute`, …
    package var surface: String
    /// The model as the client named it.
    package var requestedModel: String
    /// nil when an upstream is addressed directly.
    package let botID: String?
    package var route: ModelRoute
    /// The skill that is run, by its id.
    package var skill: String?
    /// The write tools that run without a person's approval.
    package var withoutApproval: Set<String>
    /// What the caller's last message decides; nil when it is for the model.
    package var command: ApprovalCommand?
    /// The system prompt, rendered; nil without a bot.
    package var systemPrompt: String?
    /// The client's conversation, comma-joined message objects.
    package var messages: [UInt8]
    package var assistantCalls: [ChatRequest.AssistantCalls]
    /// The last user message's place in `messages`.
    package var lastUser: Range<Int>?
    /// The place of the system message that `messages` begins with.
    package var leadingSystem: Range<Int>?
    /// As the request has them.
    package var failedResults: [String: String]
    /// Whether the user speaks; false when the client comes back with its tools' results.
    package var isUsersTurn: Bool
    /// The tools that run here.
    package var tools: [Tool]
    /// The tools that the client runs.
    package var clientTools: [ChatRequest.ClientTool]
    package var toolChoice: JSONValue?
    package var parameters: [ChatRequest.Parameter]
    /// For the upstream that the caller addresses; a bot's model gets none.
    package var vendorMembers: [ChatRequest.Parameter]
    package var stream: Bool
    /// How many answers are wanted.
    package var choices: Int
    package var limits: TurnLimits
    /// Whether the tool loop's steps are shown as reasoning.
    package var showSteps: Bool

    /// A request of a client, to a bot or to a model.
    ///
    /// - Throws: `OpenAIError` 400 for what a bot cannot do, naming the field.
    package init(
        request: ChatRequest,
        bot: Bot?,
        route: ModelRoute,
        registry: ToolRegistry,
        caller: Caller,
        requestID: String,
        surface: String,
        showSteps: Bool = false,
        now: Int64
    ) throws(OpenAIError) {
        self.requestID = requestID
        self.caller = caller
        self.surface = surface
        requestedModel = request.model
        self.route = route
        messages = request.messages
        assistantCalls = request.assistantCalls
        lastUser = request.lastUser
        leadingSystem = request.leadingSystem
        failedResults = request.failedResults
        isUsersTurn = request.isUsersTurn
        clientTools = request.tools
        toolChoice = request.toolChoice
        parameters = request.parameters
        stream = request.stream
        choices = request.choices
        guard let bot else {
            (botID, systemPrompt, tools, withoutApproval) = (nil, nil, [], [])
            (limits, self.showSteps, vendorMembers) = (TurnLimits(), showSteps, request.vendorMembers)
            if request.choices > 1 {
                parameters.append(ChatRequest.Parameter(name: "n", json: Array(String(request.choices).utf8)))
            }
            try checkToolChoice()
            return
        }
        try Self.checkBotTakes(request)
        botID = bot.id
        limits = bot.limits
        self.showSteps = showSteps || bot.options.showSteps
        vendorMembers = []
        // A client that brings a tool of the same name means its own.
        let taken = Set(request.tools.map(\.name))
        tools = registry.granted(by: bot.tools).filter { !taken.contains($0.name) && caller.may($0.permission) }
        withoutApproval = Set(bot.withoutApproval)
        systemPrompt = Self.render(bot.prompt, bot: bot, tools: tools, caller: caller, now: now)
        if isUsersTurn, let lastUser, lastUser.count <= Self.longestCommand {
            let (text, isWhole) = MessageText.read(messages[lastUser])
            if isWhole { command = ApprovalCommand(text) }
        }
        addDefaults(bot.options)
        try checkToolChoice()
    }

    private static func checkBotTakes(_ request: ChatRequest) throws(OpenAIError) {
        if request.choices > 1 { throw .invalid("A bot gives one answer: 'n' must be 1.", param: "n") }
        for name in ["audio", "modalities", "prediction"]
        where request.parameters.contains(where: { $0.name == name }) {
            if name == "modalities", isTextOnly(request) { continue }
            throw .invalid("'\(name)' is not supported by bots.", param: name)
        }
    }

    /// Bytes of a message object that may hold a command; larger ones are not even read.
    private static let longestCommand = 1_000

    /// The language of the question.
    var language: ApprovalLanguage {
        ApprovalLanguage(of: lastUser.map { MessageText.read(messages[$0]).text } ?? "")
    }

    private mutating func addDefaults(_ options: Bot.Options) {
        let names = Set(parameters.map(\.name))
        if let temperature = options.temperature, !names.contains("temperature") {
            parameters.append(.init(name: "temperature", json: JSONValue.number(JSONNumber(temperature)).bytes))
        }
        if let tokens = options.maxTokens, names.isDisjoint(with: ["max_tokens", "max_completion_tokens"]) {
            parameters.append(.init(name: "max_tokens", json: Array(String(tokens).utf8)))
        }
    }

    private func checkToolChoice() throws(OpenAIError) {
        guard let toolChoice else { return }
        let hasTools = !clientTools.isEmpty || !tools.isEmpty
        if !hasTools, toolChoice != "none", toolChoice != "auto" {
            throw .invalid("'tool_choice' is only allowed when 'tools' are given.", param: "tool_choice")
        }
        if let name = toolChoice["function"]?["name"]?.string,
            !clientTools.contains(where: { $0.name == name }), !tools.contains(where: { $0.name == name })
        {
            throw .invalid(
                "'tool_choice' names \(name), which is not among the tools.",
                param: "tool_choice.function.name"
            )
        }
    }

    static func isTextOnly(_ request: ChatRequest) -> Bool {
        request.parameters.first { $0.name == "modalities" }?.json == Array("[\"text\"]".utf8)
    }

    static func render(
        _ prompt: PromptTemplate,
        bot: Bot,
        tools: [Tool],
        caller: Caller,
        now: Int64
    ) -> String {
        let time = Timestamp(milliseconds: now).text
        return prompt.render([
            .date: String(time.prefix(10)), .time: time, .timeZone: "UTC", .caller: caller.username, .bot: bot.name,
            .botTitle: bot.title, .tools: tools.map(\.name).joined(separator: ", "),
        ])
    }
}
