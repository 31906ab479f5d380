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
