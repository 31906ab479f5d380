// The choices of an answer that is passed on: what they have called, and how they ended.

import OpenAIProtocol

/// Follows a relayed answer. Most have one choice.
struct RelayedChoices {
    private struct Choice {
        let index: Int
        var finish: FinishReason?
        var calls = ToolCallAssembler()
    }

    /// A choice's end: as the upstream said it, and as the client is told.
    struct End {
        let choice: Int
        let said: FinishReason
        let reason: FinishReason
    }

    /// Those that have begun, as they came.
    private var choices: [Choice] = []

    /// Takes a piece and makes it what is passed on: without the end, which comes last.
    mutating func take(_ delta: inout ModelDelta) {
        let place = place(of: delta.choice)
        if choices[place].finish == nil { choices[place].finish = delta.finish }
        delta.finish = nil
        for index in delta.toolCalls.indices {
            delta.toolCalls[index] = choices[place].calls.take(delta.toolCalls[index])
        }
    }

    private mutating func place(of index: Int) -> Int {
        if let known = choices.firstIndex(where: { $0.index == index }) { return known }
        choices.append(Choice(index: index))
        return choices.count - 1
    }

    /// Whether some choice has more calls than an answer can have, or all together more arguments.
    var isOverfull: Bool {
        choices.contains { $0.calls.isOverfull }
            || choices.reduce(0) { $0 + $1.calls.bytes } > ToolCallAssembler.maximumBytes
    }

    /// The ends in the order of the choices; nil when one that has begun has none. Where nothing has an end, the only
    /// choice there can be has stopped.
    var ends: [End]? {
        if choices.allSatisfy({ $0.finish == nil }) {
            guard choices.allSatisfy({ $0.index == 0 }) else { return nil }
            return [Self.end(choices.first ?? Choice(index: 0), .stop)]
        }
        var ends: [End] = []
        for choice in choices {
            guard let said = choice.finish else { return nil }
            ends.append(Self.end(choice, said))
        }
        return ends.count > 1 ? ends.sorted { $0.choice < $1.choice } : ends
    }

    private static func end(_ choice: Choice, _ said: FinishReason) -> End {
        // Some upstreams say "stop" although they called tools (`gateways.md` (c) 21), or use the name of old.
        let isOther = said == .stop || said == .functionCall
        return End(choice: choice.index, said: said, reason: isOther && !choice.calls.isEmpty ? .toolCalls : said)
    }
}
