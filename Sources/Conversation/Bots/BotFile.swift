// Reads one bot against its rules, whether it stands in a file or in the store.

package import Tools
import YAML

/// What a bot file may refer to.
package struct BotContext: Sendable {
    package let registry: ToolRegistry
    /// Whether a `model` leads somewhere.
    package let hasModel: @Sendable (String) -> Bool
    /// The text of `prompts/NAME.md`.
    package let prompt: @Sendable (String) -> (path: String, text: String)?
    /// The names of the provider file's routes. No bot of the store stands before them.
    package let fileRoutes: @Sendable () -> Set<String>

    package init(
        registry: ToolRegistry,
        hasModel: @escaping @Sendable (String) -> Bool,
        prompt: @escaping @Sendable (String) -> (path: String, text: String)?,
        fileRoutes: @escaping @Sendable () -> Set<String> = { [] }
    ) {
        self.registry = registry
        self.hasModel = hasModel
        self.prompt = prompt
        self.fileRoutes = fileRoutes
    }
}

/// The form of `bots/*.yaml` (DESIGN.md section 3), and of the bots in the store.
enum BotFile {
    /// - Throws: `YAMLFault` with file, line and reason.
    static func read(_ text: String, file: String, context: BotContext) throws(YAMLFault) -> Bot {
        try read(try YAMLNode(parsing: text, file: file), context: context)
    }

    /// - Throws: `YAMLFault` with the member as its place.
    static func read(_ root: YAMLNode, context: BotContext) throws(YAMLFault) -> Bot {
        try root.allowOnly([
            "id", "name", "title", "description", "model", "prompt", "prompt_text", "tools", "without_approval",
            "skills", "limits", "options",
        ])
        let id = try identifier(try root.required("id"))
        let model = try root["model"]?.string() ?? "default"
        if !context.hasModel(model) {
            throw (root["model"] ?? root).fault("`model` \(model) is neither a model route nor provider/model")
        }
        let tools = try patterns(root["tools"], context.registry)
        var skills: [Skill] = []
        for node in try root["skills"]?.elements() ?? [] {
            let skill = try skill(node, context)
            if skills.contains(where: { $0.id == skill.id || $0.name == skill.name }) {
                throw node.fault("the skill \(skill.id) is there twice")
            }
            skills.append(skill)
        }
        let name = try root["name"].map(identifier) ?? id
        return Bot(
            id: id,
            name: name,
            title: try root["title"]?.string() ?? name,
            description: try root["description"]?.string(),
            model: model,
            prompt: try prompt(in: root, context),
            tools: tools,
            withoutApproval: try unapproved(root["without_approval"], granted: tools, context.registry),
            skills: skills,
            limits: try limits(root["limits"]),
            usageLimits: try usageLimits(root["limits"]),
            options: try options(root["options"])
        )
    }

    /// Names go into URLs, headers and logs. `/` is left to `provider/model`.
    private static func identifier(_ node: YAMLNode) throws(YAMLFault) -> String {
        let text = try node.string()
        let isValid =
            (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
                    || byte == 0x2D || byte == 0x5F || byte == 0x2E
            }
        guard isValid else {
            throw node.fault("`\(node.path)` must be 1 to 64 letters, digits, dots, hyphens or underscores")
        }
        return text
    }

    /// `prompt` names a file, `prompt_text` is the text itself.
    private static func prompt(in owner: YAMLNode, _ context: BotContext) throws(YAMLFault) -> PromptTemplate {
        guard let written = owner["prompt_text"] else { return try prompt(try owner.required("prompt"), context) }
        if let name = owner["prompt"] {
            throw name.fault("`\(name.path)` and `\(written.path)` exclude each other: one of them says the prompt")
        }
        let text = try written.string()
        do {
            return try PromptTemplate(text)
        } catch {
            throw written.fault("`\(written.path)` has in line \(error.line) a fault: \(error.reason)")
        }
    }

    private static func prompt(_ node: YAMLNode, _ context: BotContext) throws(YAMLFault) -> PromptTemplate {
        let name = try node.string()
        guard let file = context.prompt(name) else { throw node.fault("there is no prompt \(name).md") }
        do {
            return try PromptTemplate(file.text)
        } catch {
            throw YAMLFault(file: file.path, line: error.line, reason: error.reason, place: node.path)
        }
    }

    private static func patterns(_ node: YAMLNode?, _ registry: ToolRegistry) throws(YAMLFault) -> [String] {
        guard let node else { return [] }
        var patterns: [String] = []
        for element in try node.elements() {
            let pattern = try element.string()
            // A wildcard may wait for modules that are not built in; a full name must exist.
            if !pattern.hasSuffix("*"), registry[pattern] == nil {
                let known = registry.tools.map(\.name).joined(separator: ", ")
                throw element.fault("there is no tool \(pattern); there are \(known.isEmpty ? "none" : known)")
            }
            patterns.append(pattern)
        }
        return patterns
    }

    /// Write tools that need no approval: each must be granted in the same place by its full name, so that nobody
    /// frees more than he sees.
    private static func unapproved(
        _ node: YAMLNode?,
        granted: [String],
        _ registry: ToolRegistry
    ) throws(YAMLFault) -> [String] {
        guard let node else { return [] }
        var names: [String] = []
        for element in try node.elements() {
            let name = try element.string()
            guard let tool = registry[name] else {
                throw element.fault("there is no tool \(name); `\(node.path)` takes full names of write tools")
            }
            guard tool.effect == .write else {
                throw element.fault("\(name) only reads, so it needs no approval anyway")
            }
            guard granted.contains(name) else {
                throw element.fault("\(name) is not granted: its full name must stand in the `tools` beside it")
            }
            names.append(name)
        }
        return names
    }

    private static func skill(_ node: YAMLNode, _ context: BotContext) throws(YAMLFault) -> Skill {
        try node.allowOnly(["id", "name", "prompt", "prompt_text", "tools", "without_approval"])
        let id = try identifier(try node.required("id"))
        let tools = try patterns(node["tools"], context.registry)
        return Skill(
            id: id,
            name: try node["name"].map(identifier) ?? id,
            prompt: try prompt(in: node, context),
            tools: tools,
            withoutApproval: try unapproved(node["without_approval"], granted: tools, context.registry)
        )
    }

    private static func limits(_ node: YAMLNode?) throws(YAMLFault) -> TurnLimits {
        var limits = TurnLimits()
        guard let node else { return limits }
        try node.allowOnly(
            ["rounds", "tool_seconds", "turn_seconds", "result_bytes", "total_result_bytes"] + LimitSet.words
        )
        if let rounds = node["rounds"] { limits.rounds = try rounds.integer(in: 1...50) }
        if let seconds = node["tool_seconds"] { limits.toolTime = .seconds(try seconds.integer(in: 1...600)) }
        if let seconds = node["turn_seconds"] { limits.turnTime = .seconds(try seconds.integer(in: 1...3600)) }
        if let bytes = node["result_bytes"] { limits.resultBytes = try bytes.integer(in: 500...1_000_000) }
        if let bytes = node["total_result_bytes"] {
            limits.totalResultBytes = try bytes.integer(in: 1000...10_000_000)
        }
        return limits
    }

    private static func usageLimits(_ node: YAMLNode?) throws(YAMLFault) -> LimitSet {
        guard let node else { return LimitSet() }
        return try LimitSet(node)
    }

    private static func options(_ node: YAMLNode?) throws(YAMLFault) -> Bot.Options {
        var options = Bot.Options()
        guard let node else { return options }
        try node.allowOnly(["temperature", "max_tokens", "show_steps"])
        options.temperature = try node["temperature"]?.number(in: 0...2)
        options.maxTokens = try node["max_tokens"]?.integer(in: 1...1_000_000)
        options.showSteps = try node["show_steps"]?.boolean() ?? false
        return options
    }
}
