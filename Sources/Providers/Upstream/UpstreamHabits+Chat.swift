// A call of the OpenAI protocol as its server takes it: sent, learnt from, sent again.

import JSON
import OpenAIProtocol

/// In which form a call goes to its server.
struct ChatForm: Sendable {
    /// Whether a stream asks for its usage.
    var reportsUsage = true
    /// Members of the request that were left out since the server knows no such thing.
    var dropped: [String] = []
}

extension UpstreamHabits {
    /// Sends a call in the way that the model's server is known to take. When it refuses what servers are known to
    /// differ in, the same call goes again as it can be made, each difference once.
    ///
    /// - Parameters:
    ///   - extra: what is configured for the provider's requests.
    ///   - send: takes the call and its form.
    func start(
        _ call: ModelCall,
        extra: JSONObject,
        _ send: (ModelCall, ChatForm) async throws(ProviderFailure) -> any ModelRound
    ) async throws(ProviderFailure) -> any ModelRound {
        let model = call.model
        var call = call.adding(extra)
        var form = ChatForm()
        call.stream = call.stream || has(.onlyStreams, model: model)
        for habit in [Habit.wantsCompletionTokens, .wantsMaximumTokens] where has(habit, model: model) {
            call.nameMaximum(as: habit)
        }
        form.reportsUsage = !has(.refusesStreamOptions, model: model)
        var learnt: [Habit] = []
        while true {
            do {
                let round = try await send(call, form)
                for habit in learnt { note(habit, model: model) }
                return round
            } catch {
                // These are known of the server only when it has refused them. A refusal may only repeat the caller's
                // words: what is remembered is what has helped.
                let isNamed = learnt.contains(.wantsCompletionTokens) || learnt.contains(.wantsMaximumTokens)
                if form.reportsUsage, call.stream, error.refuses("stream_options") {
                    learnt.append(.refusesStreamOptions)
                    form.reportsUsage = false
                } else if !isNamed, error.wantsCompletionTokens, call.nameMaximum(as: .wantsCompletionTokens) {
                    learnt.append(.wantsCompletionTokens)
                } else if !isNamed, error.wantsMaximumTokens, call.nameMaximum(as: .wantsMaximumTokens) {
                    learnt.append(.wantsMaximumTokens)
                } else if !call.stream, error.wantsStream {
                    learnt.append(.onlyStreams)
                    call.stream = true
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

    fileprivate var wantsMaximumTokens: Bool { doesNotKnow("max_completion_tokens") }

    /// The words of servers that do not know a member, as opposed to a value that is none for them: OpenAI's and Azure's,
    /// Mistral, vLLM (pydantic).
    fileprivate func doesNotKnow(_ member: String) -> Bool {
        guard refuses(member) else { return false }
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
