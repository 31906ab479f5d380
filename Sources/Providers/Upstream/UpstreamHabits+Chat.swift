// A call of the OpenAI protocol as its server takes it: sent, learnt from, sent again.

import JSON

extension UpstreamHabits {
    /// Sends a call in the way that the model's server is known to take. When it refuses what servers are known to
    /// differ in, the same call goes again as it can be made, each difference once.
    ///
    /// - Parameter send: takes the call, and whether to ask for usage in a stream.
    func start(
        _ call: ModelCall,
        _ send: (ModelCall, Bool) async throws(ProviderFailure) -> any ModelRound
    ) async throws(ProviderFailure) -> any ModelRound {
        let model = call.model
        var call = call
        call.stream = call.stream || has(.onlyStreams, model: model)
        for habit in [Habit.wantsCompletionTokens, .wantsMaximumTokens] where has(habit, model: model) {
            call.nameMaximum(as: habit)
        }
        var reportsUsage = !has(.refusesStreamOptions, model: model)
        var learnt: [Habit] = []
        while true {
            do {
                let round = try await send(call, reportsUsage)
                for habit in learnt { note(habit, model: model) }
                return round
            } catch {
                // These are known of the server only when it has refused them. A refusal may only repeat the caller's
                // words: what is remembered is what has helped.
                let isNamed = learnt.contains(.wantsCompletionTokens) || learnt.contains(.wantsMaximumTokens)
                if reportsUsage, call.stream, error.refuses("stream_options") {
                    learnt.append(.refusesStreamOptions)
                    reportsUsage = false
                } else if !isNamed, error.wantsCompletionTokens, call.nameMaximum(as: .wantsCompletionTokens) {
                    learnt.append(.wantsCompletionTokens)
                } else if !isNamed, error.wantsMaximumTokens, call.nameMaximum(as: .wantsMaximumTokens) {
                    learnt.append(.wantsMaximumTokens)
                } else if !call.stream, error.wantsStream {
                    learnt.append(.onlyStreams)
                    call.stream = true
                } else {
                    throw error
                }
            }
        }
    }
}

extension ModelCall {
    /// Gives the bound on the answer's tokens the name that a server wants.
    ///
    /// - Returns: whether it had only the other one.
    @discardableResult
    fileprivate mutating func nameMaximum(as habit: UpstreamHabits.Habit) -> Bool {
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
    /// OpenAI's words for its reasoning models, which know `max_tokens` no more.
    fileprivate var wantsCompletionTokens: Bool {
        refuses("max_tokens") && self.message.contains("max_completion_tokens")
    }

    /// The words of servers that do not know the newer name, as opposed to a value that is too large for them: OpenAI's
    /// and Azure's older versions, Mistral, vLLM (pydantic).
    fileprivate var wantsMaximumTokens: Bool {
        guard refuses("max_completion_tokens") else { return false }
        let words = self.message.lowercased()
        return ["unrecognized", "unknown", "unsupported", "not supported", "unexpected", "not permitted", "extra"]
            .contains(where: words.contains)
    }

    /// Whether the upstream says that it does not take this member.
    func refuses(_ member: String) -> Bool {
        self.kind == .badRequest && (self.parameter == member || self.message.contains(member))
    }

    /// DashScope's words for models that answer in pieces only (`clients.md` 5.6).
    fileprivate var wantsStream: Bool {
        self.kind == .badRequest
            && (self.message.contains("only support stream") || self.message.contains("non-streaming calls")
                || self.message.contains("stream must be set to true"))
    }
}
