// A round whose text is read for calls.

import JSON
import OpenAIProtocol
import Synchronization

/// Passes a round's events on, with the calls that stand in its text as calls.
final class PromptedRound: ModelRound {
    private struct State {
        var finder: CallFinder
        /// nil: words come as they are.
        var unwrapper: AnswerUnwrapper?
        /// Half of a surrogate pair, which can only be read with its other half.
        var cut = JSONText()
        var calls = 0
        var hasEnded = false
        var hasFinished = false
    }

    private let round: any ModelRound
    private let state: Mutex<State>

    /// - Parameter unwraps: whether words were asked for as `{"answer":"…"}`.
    init(_ round: any ModelRound, tools: Set<String>, unwraps: Bool = false) {
        self.round = round
        state = Mutex(State(finder: CallFinder(tools: tools), unwrapper: unwraps ? AnswerUnwrapper() : nil))
    }

    var droppedParameters: [String] { round.droppedParameters }
    var answeredModel: String? { round.answeredModel }

    func cancel() { round.cancel() }

    func next(patience: Duration?) async throws(ProviderFailure) -> [ModelEvent]? {
        while true {
            guard let events = try await round.next(patience: patience) else {
                let rest = state.withLock { state -> [ModelEvent] in
                    if state.hasEnded { return [] }
                    state.hasEnded = true
                    return state.hasFinished ? [] : Self.end(&state)
                }
                return rest.isEmpty ? nil : rest
            }
            let passed = state.withLock { state in events.flatMap { Self.pass($0, &state) } }
            if !passed.isEmpty || patience != nil { return passed }
        }
    }

    private static func pass(_ event: ModelEvent, _ state: inout State) -> [ModelEvent] {
        guard case .delta(var delta) = event, delta.choice == 0 else { return [event] }
        var result: [ModelEvent] = []
        if let content = delta.content {
            delta.content = nil
            var text = state.cut
            text.append(content)
            state.cut = text.cutSurrogate()
            result = read(text.decoded, &state)
        }
        if let finish = delta.finish {
            result += end(&state)
            state.hasFinished = true
            delta.finish = state.calls > 0 ? .toolCalls : finish
        }
        if !delta.isEmpty { result.append(.delta(delta)) }
        return result
    }

    private static func read(_ text: String, _ state: inout State) -> [ModelEvent] {
        guard let pieces = state.unwrapper?.take(text) else { return events(state.finder.take(text), &state) }
        return events(pieces, &state)
    }

    private static func end(_ state: inout State) -> [ModelEvent] {
        let rest = events(state.unwrapper?.end() ?? [], &state)
        return rest + events(state.finder.end(), &state)
    }

    private static func events(_ pieces: [AnswerUnwrapper.Piece], _ state: inout State) -> [ModelEvent] {
        pieces.flatMap { piece in
            switch piece {
            case .answer(let text): return [ModelEvent.delta(ModelDelta(content: text))]
            case .other(let text): return events(state.finder.take(text), &state)
            }
        }
    }

    private static func events(_ findings: [CallFinder.Finding], _ state: inout State) -> [ModelEvent] {
        findings.map { finding in
            switch finding {
            case .text(let text): return .delta(ModelDelta(content: JSONText(escaping: text)))
            case .call(let name, let arguments):
                defer { state.calls += 1 }
                let call = ToolCallDelta(
                    index: state.calls,
                    id: AnswerIdentity.makeID(prefix: "call_"),
                    name: name,
                    arguments: JSONText(escaping: arguments)
                )
                return .delta(ModelDelta(toolCalls: [call]))
            }
        }
    }
}

extension JSONText {
    /// Takes the escape of a high surrogate off the end.
    fileprivate mutating func cutSurrogate() -> JSONText {
        var rest = JSONText()
        let tail = bytes.suffix(6).map { $0 | 0x20 }
        // `\uD800` … `\uDBFF`, in either case; 0x7C is a backslash with the bit of the lower case.
        guard tail.count == 6, bytes[bytes.count - 6] == 0x5C, tail[1] == 0x75, tail[2] == 0x64,
            (0x38...0x39).contains(tail[3]) || (0x61...0x62).contains(tail[3])
        else { return rest }
        // An escaped backslash before `uD83D` is text.
        guard bytes.dropLast(6).reversed().prefix(while: { $0 == 0x5C }).count.isMultiple(of: 2) else { return rest }
        rest.bytes = Array(bytes.suffix(6))
        bytes.removeLast(6)
        return rest
    }
}
