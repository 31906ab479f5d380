// The offline model itself: from a call to its reply, by rules, without clock, randomness or I/O.

import JSON
import OpenAIProtocol

/// What the offline model replies: calls of tools, or text.
struct OfflineReply: Sendable {
    struct Call: Sendable, Hashable {
        let id: String
        let name: String
        /// JSON text of an object.
        let arguments: String
    }

    var calls: [Call] = []
    var text = ""
    var finish: FinishReason = .stop
    var choices = 1
    var usage = Usage()
}

/// Rules in the place of weights. Only the last user message is a question; texts of tools are shown, never obeyed, and
/// of earlier answers only ids and cursors that the offline model itself quoted are read.
struct OfflineModel: Sendable {
    /// The provider's name, for failures.
    let provider: String

    /// Rounds of calls for one question, after which it answers with what there is.
    private static let mostRounds = 4

    func reply(to call: ModelCall) throws(ProviderFailure) -> OfflineReply {
        let conversation: OfflineConversation
        do {
            conversation = try OfflineConversation(call.messages)
        } catch {
            throw ProviderFailure(.badRequest, "The messages are no valid JSON: \(error.message)", provider: provider)
        }
        let parameters = try OfflineParameters(call.parameters, provider: provider)
        let (choice, allowed) = try OfflineToolChoice.read(call.toolChoice, tools: call.tools, provider: provider)
        let texts = conversation.questions
        let question = Question.last(of: texts) ?? Question.empty
        let desk = Desk(
            tools: OfferedTools(choice == .none ? [] : call.tools, allowed: allowed),
            outcomes: conversation.outcomes,
            lastAnswer: conversation.lastAnswer
        )
        let family = IntentFamilies.family(of: question)
        let wish = family.wish(question, desk)
        var reply = OfflineReply()
        let pending = pendingCalls(wish, choice, desk, question, texts.last ?? "")
        if pending.isEmpty {
            let answer = write(
                wish,
                family,
                question,
                desk,
                conversation,
                isSwitchedOff: choice == .none && !call.tools.isEmpty
            )
            reply.text = parameters.wantsObject ? JSONValue.object(["answer": .string(answer)]).text : answer
        } else {
            let calls = parameters.parallelCalls ? pending[...] : pending.prefix(1)
            reply.calls = calls.enumerated().map { index, planned in
                Self.call(planned, index: index, position: conversation.messages.count)
            }
            reply.finish = .toolCalls
        }
        reply.choices = parameters.choices
        Self.bound(&reply, parameters)
        reply.usage = TokenEstimate.usage(of: call, reply)
        return reply
    }

    // MARK: Calls

    private func pendingCalls(
        _ wish: Wish,
        _ choice: OfflineToolChoice,
        _ desk: Desk,
        _ question: Question,
        _ text: String
    ) -> [PlannedCall] {
        guard !desk.tools.isEmpty, desk.outcomes.count < Self.mostRounds * HostNames.most else { return [] }
        var calls: [PlannedCall] = []
        if case .calls(let wished) = wish { calls = wished }
        // Insisting holds for the first round; a rule-based model would otherwise call for ever.
        if desk.outcomes.isEmpty {
            calls = ForcedCalls.calls(choice, wished: calls, tools: desk.tools, question: question, text: text)
        }
        var made = Set(desk.outcomes.map { PlannedCall(name: $0.call.name, arguments: $0.call.arguments) })
        return calls.filter { made.insert($0).inserted && desk.tools[$0.name] != nil }
    }

    /// The id is a function of the call and its place, so that the same conversation gives the same answer to the byte.
    private static func call(_ planned: PlannedCall, index: Int, position: Int) -> OfflineReply.Call {
        let arguments = JSONValue.object(planned.arguments).text
        // FNV-1a, 64 bits.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(position).\(index).\(planned.name).\(arguments)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 16)
        let id = "call_" + String(repeating: "0", count: 16 - digits.count) + digits
        return OfflineReply.Call(id: id, name: planned.name, arguments: arguments)
    }

    // MARK: Words

    private func write(
        _ wish: Wish,
        _ family: any IntentFamily,
        _ question: Question,
        _ desk: Desk,
        _ conversation: OfflineConversation,
        isSwitchedOff: Bool
    ) -> String {
        var answer = AnswerText(question.language)
        if desk.lastAnswer == nil { Introduction.write(desk.tools, into: &answer) }
        if conversation.hasImages {
            answer.paragraph("I cannot see images; I read the text only.", "我看不到图片，只读取文字。")
        }
        var body = AnswerText(question.language)
        switch wish {
        case .lacking(let names) where desk.outcomes.isEmpty:
            Lacking.write(names, desk, isSwitchedOff: isSwitchedOff, into: &body)
        case .calls, .words, .lacking:
            family.write(question, desk, into: &body)
            if body.isEmpty { ResultDigest.write(desk.outcomes, into: &body) }
        }
        if body.isEmpty { NotUnderstood().write(question, desk, into: &body) }
        answer.append(body)
        return answer.markdown
    }

    /// Cuts at a stop text and at the number of tokens, as a real model would be cut.
    private static func bound(_ reply: inout OfflineReply, _ parameters: OfflineParameters) {
        for stop in parameters.stops {
            if let range = reply.text.firstRange(of: stop) { reply.text = String(reply.text[..<range.lowerBound]) }
        }
        guard let most = parameters.maximumTokens, TokenEstimate.tokens(of: reply) > most else { return }
        reply.finish = .length
        // Half a call is worth nothing to anybody.
        reply.calls = []
        var kept = 0
        let end = reply.text.indices.first { index in
            kept += reply.text[index].utf8.count
            return TokenEstimate.tokens(bytes: kept) > most
        }
        reply.text = String(reply.text[..<(end ?? reply.text.endIndex)])
    }
}
