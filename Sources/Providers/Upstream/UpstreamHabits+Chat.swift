// A call of the OpenAI protocol as its server takes it: sent, learnt from, sent again.

import JSON
import OpenAIProtocol

/// In which form a call goes to its server.
struct ChatForm: Sendable {
    /// Whether a stream asks for its usage.
    var reportsUsage = true
    /// Whether a stream asks for chunks without the padding that OpenAI adds: those differ in nothing but their text
    /// (`gateways.md` (e)).
    var refusesPadding = false
    /// Members of the request that were left out or weakened since the server knows no such thing.
    var dropped: [String] = []
    /// The way back from the tools' names, where the server is told others.
    var names: ToolNames?
}

extension UpstreamHabits {
    /// Those that a call is sent by, in the order in which they are tried.
    private static let ofChat: [Habit] = [
        .onlyStreams, .refusesObfuscation, .refusesStreamOptions, .wantsCompletionTokens, .wantsMaximumTokens,
        .refusesSchema, .refusesRequiredCalls, .refusesThinking,
    ]

    /// Sends a call in the way that the model's server is known to take. When it refuses what servers are known to
    /// differ in, the same call goes again as it can be made, each difference once.
    ///
    /// - Parameters:
    ///   - extra: what is configured for the provider's requests.
    ///   - padsChunks: whether the server is known to pad its chunks.
    ///   - send: takes the call and its form.
    func start(
        _ call: ModelCall,
        extra: JSONObject,
        padsChunks: Bool = false,
        _ send: (ModelCall, ChatForm) async throws(ProviderFailure) -> any ModelRound
    ) async throws(ProviderFailure) -> any ModelRound {
        let model = call.model
        var call = call.adding(extra)
        var form = ChatForm(refusesPadding: padsChunks)
        if !call.hasPlainNames { form.names = call.plainNames() }
        let known = habits(of: model)
        if !known.isEmpty {
            for habit in Self.ofChat where known.contains(habit) { call.adopt(habit, &form) }
        }
        var tried: [Habit] = []
        var learnt: [Habit] = []
        var last: (habit: Habit?, refusal: String) = (nil, "")
        while true {
            do {
                let round = try await send(call, form)
                for habit in learnt { note(habit, model: model) }
                return round
            } catch {
                // These are known of the server only when it has refused them. A refusal may only repeat the caller's
                // words: what is remembered is what has helped, and what is answered with the same words has not.
                if error.message == last.refusal { learnt.removeAll { $0 == last.habit } }
                last = (nil, error.message)
                if let habit = Self.ofChat.first(where: { habit in
                    !tried.contains { $0 == habit || $0 == habit.opposite } && error.tells(habit)
                        && call.adopt(habit, &form)
                }) {
                    tried.append(habit)
                    learnt.append(habit)
                    last.habit = habit
                } else if form.names == nil, error.refuses("function.name"), let names = call.plainNames() {
                    // Those of earlier calls, which nobody looks for beforehand.
                    form.names = names
                } else if call.vendorMembers.contains(where: { error.doesNotKnow($0.name) }) {
                    // It names one or all. What a caller's words are refused for says nothing of others': not remembered.
                    form.dropped += call.vendorMembers.map(\.name)
                    call.vendorMembers = []
                } else {
                    throw error
                }
            }
        }
    }
}

extension ModelCall {
    /// Makes the call as a server with this habit takes it.
    ///
    /// - Returns: whether it is another call now.
    @discardableResult
    fileprivate mutating func adopt(_ habit: UpstreamHabits.Habit, _ form: inout ChatForm) -> Bool {
        switch habit {
        case .onlyStreams:
            guard !stream else { return false }
            stream = true
        case .refusesObfuscation:
            guard form.refusesPadding, stream else { return false }
            form.refusesPadding = false
        case .refusesStreamOptions:
            guard form.reportsUsage, stream else { return false }
            form.reportsUsage = false
        case .wantsCompletionTokens, .wantsMaximumTokens: return nameMaximum(as: habit)
        case .refusesSchema: return describeSchema()
        case .refusesRequiredCalls:
            guard toolChoice == "required", !tools.isEmpty else { return false }
            toolChoice = "auto"
            form.dropped.append("tool_choice")
        case .refusesThinking:
            guard leaveOut("reasoning_effort") else { return false }
            form.dropped.append("reasoning_effort")
        case .refusesSampling, .thinksByEffort: return false
        }
        return true
    }

    /// - Returns: whether it was there.
    private mutating func leaveOut(_ name: String) -> Bool {
        guard let document = try? JSONDocument(parsing: [0x7B] + parameters + [0x7D]), document.root[name] != nil else {
            return false
        }
        let others = document.root.members.filter { !$0.keyEquals(name) }
        parameters = Array(
            others.map { document.bytes[$0.keyView.range] + [0x3A] + document.bytes[$0.value.range] }.joined(
                separator: [0x2C])
        )
        return true
    }

    /// Gives the bound on the answer's tokens the name that a server wants.
    ///
    /// - Returns: whether it had only the other one.
    private mutating func nameMaximum(as habit: UpstreamHabits.Habit) -> Bool {
        let (old, new) = ("max_tokens", "max_completion_tokens")
        let (from, to) = habit == .wantsMaximumTokens ? (new, old) : (old, new)
        guard let document = try? JSONDocument(parsing: [0x7B] + parameters + [0x7D]),
            document.root[to] == nil,
            let member = document.root.members.first(where: { $0.keyEquals(from) })
        else { return false }
        let renamed = splice(document.bytes, [(member.keyView.range, Array("\"\(to)\"".utf8))])
        parameters = Array(renamed.dropFirst().dropLast())
        return true
    }
}

extension ProviderFailure {
    /// Whether these are the words of a server with this habit.
    fileprivate func tells(_ habit: UpstreamHabits.Habit) -> Bool {
        switch habit {
        case .onlyStreams: wantsStream
        case .refusesObfuscation: refuses("include_obfuscation")
        case .refusesStreamOptions: refuses("stream_options")
        // OpenAI's words for its reasoning models, which know `max_tokens` no more.
        case .wantsCompletionTokens: refuses("max_tokens") && self.message.contains("max_completion_tokens")
        case .wantsMaximumTokens: doesNotKnow("max_completion_tokens")
        case .refusesSchema: refusesSchemas
        // DashScope has none, nor has DeepSeek where it thinks (`clients.md` 5.6).
        case .refusesRequiredCalls: refuses("tool_choice")
        case .refusesThinking: refusesThinking
        case .refusesSampling, .thinksByEffort: false
        }
    }

    /// "This response_format type is unavailable now" (DeepSeek), "… of type 'json_schema' is not supported with this
    /// model": the kind of answer, as opposed to the caller's schema.
    private var refusesSchemas: Bool {
        guard refuses("response_format") || refuses("json_schema") else { return false }
        let words = self.message.lowercased()
        return !words.contains("invalid schema")
            && ["unavailable", "not support", "unsupported"].contains(where: words.contains)
    }

    /// The words for models that do not think, as opposed to a value that is none for them: OpenAI's and Groq's for the
    /// member, xAI's ("does not support parameter reasoningEffort"), Ollama's and Anthropic's ("… does not support thinking"),
    /// Google's ("Thinking is not enabled for …", "thinking_config is not supported").
    var refusesThinking: Bool {
        guard self.kind == .badRequest, self.code != "unsupported_value", self.code != "invalid_value" else {
            return false
        }
        let words = self.message.lowercased()
        guard !["unsupported value", "thinking level", "tool_choice"].contains(where: words.contains) else {
            return false
        }
        if refuses("reasoning_effort") { return doesNotTake("reasoning_effort", words) }
        // What stands in quotes may be the caller's.
        let own = words.withoutQuotes
        return ["reasoningeffort", "effort parameter", "thinking"].contains(where: own.contains)
            && ["not support", "not enabled", "only enabled"].contains(where: own.contains)
    }

    /// Whether it is the member itself that is not known, in the words of those servers: a value can be any word of the
    /// caller's, "unknown" among them.
    private func doesNotTake(_ member: String, _ words: String) -> Bool {
        if self.code == "unknown_parameter" || self.code == "unsupported_parameter" { return true }
        let bare = words.filter { !"'`\"".contains($0) }
        return [
            "parameter: \(member)", "argument supplied: \(member)", "arguments supplied: \(member)", "field \(member)",
            "name \(member)", "keyword argument \(member)", "support \(member)", "support parameter \(member)",
            "support the \(member)", "\(member) is not supported", "\(member) is not a supported", "\(member): extra",
            "\(member) not supported", "\(member): unexpected keyword",
        ].contains(where: bare.contains)
    }

    /// The words of servers that do not know a member, as opposed to a value that is none for them: OpenAI's and Azure's,
    /// Mistral, vLLM (pydantic).
    func doesNotKnow(_ member: String) -> Bool {
        guard refuses(member) else { return false }
        let words = self.message.lowercased()
        return ["unrecognized", "unknown", "unsupported", "not supported", "unexpected", "not permitted", "extra"]
            .contains(where: words.contains)
    }

    /// Whether the upstream says that it does not take this member.
    func refuses(_ member: String) -> Bool {
        self.kind == .badRequest && (self.parameter == member || self.message.hasWord(member))
    }

    /// DashScope's words for models that answer in pieces only (`clients.md` 5.6).
    private var wantsStream: Bool {
        self.kind == .badRequest
            && (self.message.contains("only support stream") || self.message.contains("non-streaming calls")
                || self.message.contains("stream must be set to true"))
    }
}

extension String {
    /// Whether a name stands here, and not as a part of a longer one.
    fileprivate func hasWord(_ name: String) -> Bool {
        var rest = self[...]
        while let found = rest.firstRange(of: name) {
            let before = self[..<found.lowerBound].utf8.last
            let after = self[found.upperBound...].utf8.first
            if ![before, after].contains(where: { $0.map(Self.isOfName) ?? false }) { return true }
            rest = self[found.upperBound...]
        }
        return false
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
        default: false
        }
    }

    /// Without what stands between quotes; an apostrophe within a word is none.
    fileprivate var withoutQuotes: String {
        var kept = ""
        var open: Character?
        for letter in self {
            if let quote = open {
                if letter == quote { open = nil }
            } else if letter == "\"" || letter == "`" || letter == "'" && !(kept.last?.isLetter ?? false) {
                open = letter
            } else {
                kept.append(letter)
            }
        }
        return kept
    }
}
