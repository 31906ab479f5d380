// A model that says what a test wrote down, and remembers what it was asked.

import JSON
import OpenAIProtocol
import Providers
import Synchronization

/// What happens in one round.
enum Act: Sendable {
    /// These batches, then a clean end.
    case says([[ModelEvent]])
    /// These batches, then this failure.
    case breaks([[ModelEvent]], ProviderFailure.Kind)
    /// These batches, then silence until somebody cancels.
    case hangs([[ModelEvent]])
    /// The call is refused.
    case refuses(ProviderFailure.Kind)
    /// The call is never answered.
    case neverStarts
    /// These batches, then a clean end; these parameters had no effect.
    case drops([String], [[ModelEvent]])
}

/// Plays one act a round; after the last one it repeats that.
final class ScriptedModel: ModelProvider {
    private struct State {
        var acts: [Act]
        var calls: [ModelCall] = []
        var rounds: [ScriptedRound] = []
    }

    let name: String
    private let state: Mutex<State>

    init(_ acts: Act..., name: String = "up") {
        self.name = name
        state = Mutex(State(acts: acts))
    }

    var calls: [ModelCall] { state.withLock { $0.calls } }
    var rounds: [ScriptedRound] { state.withLock { $0.rounds } }

    /// The messages of the call of that number, as JSON.
    func messages(_ call: Int) throws -> [JSONValue] {
        let text = Array(calls[call].messages.joined(separator: [0x2C]))
        return try JSONValue(parsing: [0x5B] + text + [0x5D]).array ?? []
    }

    /// The contents of the tool messages of that call, in their order.
    func results(_ call: Int) throws -> JSONValue {
        .array(
            try messages(call).filter { $0["role"] == "tool" }.map {
                try JSONValue(parsing: $0["content"]?.string ?? "")
            }
        )
    }

    /// The ids in that call's messages: those of all calls, and those that results answer, in their order.
    func ids(_ call: Int) throws -> (calls: [String], results: [String]) {
        let messages = try messages(call)
        return (
            messages.flatMap { $0["tool_calls"]?.array ?? [] }.compactMap { $0["id"]?.string },
            messages.compactMap { $0["tool_call_id"]?.string }
        )
    }

    func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        let act = state.withLock { state -> Act in
            state.calls.append(call)
            return state.acts.count > 1 ? state.acts.removeFirst() : state.acts[0]
        }
        switch act {
        case .refuses(let kind): throw ProviderFailure(kind, "refused", provider: name, status: 400)
        case .neverStarts:
            try? await Task.sleep(for: .seconds(600))
            throw ProviderFailure(.cancelled, "cancelled", provider: name)
        case .drops(let names, let batches): return keep(ScriptedRound(batches, .ends, dropped: names))
        case .says(let batches): return keep(ScriptedRound(batches, .ends))
        case .breaks(let batches, let kind): return keep(ScriptedRound(batches, .fails(kind)))
        case .hangs(let batches): return keep(ScriptedRound(batches, .hangs))
        }
    }

    private func keep(_ round: ScriptedRound) -> ScriptedRound {
        state.withLock { $0.rounds.append(round) }
        return round
    }
}

/// One round of a scripted model.
final class ScriptedRound: ModelRound {
    enum End: Sendable {
        case ends, hangs
        case fails(ProviderFailure.Kind)
    }

    private let batches: Mutex<[[ModelEvent]]>
    private let end: End
    private let cancellations = Mutex(0)

    let droppedParameters: [String]

    init(_ batches: [[ModelEvent]], _ end: End, dropped: [String] = []) {
        droppedParameters = dropped
        self.batches = Mutex(batches.reversed())
        self.end = end
    }

    var isCancelled: Bool { cancellations.withLock { $0 > 0 } }

    func cancel() { cancellations.withLock { $0 += 1 } }

    func next(patience: Duration?) async throws(ProviderFailure) -> [ModelEvent]? {
        if let batch = batches.withLock({ $0.popLast() }) { return batch }
        switch end {
        case .ends: return nil
        case .fails(let kind): throw ProviderFailure(kind, "broken", provider: "up")
        case .hangs:
            do {
                try await Task.sleep(for: patience ?? .seconds(600))
                return []
            } catch {
                throw ProviderFailure(.cancelled, "cancelled", provider: "up")
            }
        }
    }
}

// MARK: Short words for events

func said(_ text: String) -> ModelEvent { .delta(ModelDelta(content: JSONText(escaping: text))) }

func called(_ index: Int, _ id: String, _ name: String, _ arguments: String = "{}") -> ModelEvent {
    .delta(
        ModelDelta(toolCalls: [
            ToolCallDelta(index: index, id: id, name: name, arguments: JSONText(escaping: arguments))
        ])
    )
}

func finished(_ reason: FinishReason) -> ModelEvent { .delta(ModelDelta(finish: reason)) }

func counted(_ prompt: Int, _ completion: Int) -> ModelEvent {
    .usage(Usage(promptTokens: prompt, completionTokens: completion))
}

extension Act {
    /// An answer with its finish.
    static func answers(_ text: String) -> Act { .says([[said(text)], [finished(.stop), counted(10, 2)]]) }

    /// One call of a tool.
    static func calls(_ name: String, _ arguments: String = "{}", id: String = "call-1") -> Act {
        .says([[called(0, id, name, arguments)], [finished(.toolCalls), counted(10, 2)]])
    }
}
