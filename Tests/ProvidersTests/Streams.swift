// Streams of upstream dialects as bytes, and what they must come out as.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

/// What a round said, put together: equal for every way in which its bytes may have been split.
struct Heard: Equatable, CustomStringConvertible {
    var content = ""
    var reasoning = ""
    var calls: [String] = []
    var finishes: [FinishReason] = []
    var usage: Usage?
    var metadata: [String] = []
    var extras = ""
    var failure: ProviderFailure.Kind?

    var description: String {
        "content \(content), reasoning \(reasoning), calls \(calls), finishes \(finishes), usage \(usage.map { "\($0)" } ?? "-"), "
            + "metadata \(metadata), extras \(extras), failure \(failure.map { "\($0)" } ?? "-")"
    }

    init(
        content: String = "",
        reasoning: String = "",
        calls: [String] = [],
        finishes: [FinishReason] = [],
        usage: Usage? = nil,
        metadata: [String] = [],
        extras: String = "",
        failure: ProviderFailure.Kind? = nil
    ) {
        self.content = content
        self.reasoning = reasoning
        self.calls = calls
        self.finishes = finishes
        self.usage = usage
        self.metadata = metadata
        self.extras = extras
        self.failure = failure
    }

    init(_ events: [ModelEvent]) {
        var assembler = ToolCallAssembler()
        var content = JSONText()
        for event in events {
            switch event {
            case .usage(let counted): usage = counted
            case .usageDetails: continue
            case .metadata(let members): metadata.append(String(decoding: members, as: UTF8.self))
            case .delta(let delta):
                if let text = delta.content { content.append(text) }
                reasoning += delta.reasoning?.decoded ?? ""
                for call in delta.toolCalls { _ = assembler.take(call) }
                if let finish = delta.finish { finishes.append(finish) }
                extras += String(decoding: delta.extraDelta + delta.extraChoice, as: UTF8.self)
            }
        }
        self.content = content.decoded
        calls = assembler.finished.map { "\($0.name)(\($0.arguments.decoded))" }
    }
}

/// Reads a stream that arrives in these pieces.
func hear(_ pieces: [[UInt8]], limit: Int = 1 << 20) -> Heard {
    var reader = EventReader(reader: ChunkReader(provider: "up"), limit: limit)
    var events: [ModelEvent] = []
    do {
        for piece in pieces { events += try reader.take(piece) }
        events += try reader.end()
        return Heard(events)
    } catch {
        var heard = Heard(events)
        heard.failure = error.kind
        return heard
    }
}

/// A chunk with this choice.
func chunk(_ choice: String, _ rest: String = "") -> String {
    #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[\#(choice)]\#(rest)}"#
        + "\n\n"
}
