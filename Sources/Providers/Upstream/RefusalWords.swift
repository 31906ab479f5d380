// The words by which servers refuse what others take.

extension ProviderFailure {
    /// Whether these are the words of a server with this habit.
    func tells(_ habit: UpstreamHabits.Habit) -> Bool {
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
