// Reads one round of a bot's turn: what goes to the client at once, and which tool calls are whose.

import JSON
import OpenAIProtocol
import Providers

/// Collects a round and decides what is passed on. Pure: events in, events out.
///
/// Our own tool calls stay inside; the client's go out numbered from 0 as if there were no others.
struct RoundReader: Sendable {
    private enum Owner: Sendable {
        /// The name has not come yet; its pieces wait in the assembler.
        case unknown
        case gateway
        case client(index: Int)
    }

    private let clientTools: Set<String>
    private var assembler = ToolCallAssembler(makesIDs: true)
    private var owners: [Owner] = []
    private var clientCalls: Int

    private(set) var content = JSONText()
    private(set) var reasoning = JSONText()
    private(set) var finish: FinishReason?
    private(set) var usage: Usage?
    /// Bytes that the model wrote, for an estimate when the upstream reports no usage.
    private(set) var writtenBytes = 0

    /// - Parameter clientTools: the names that the client runs itself; all others are the gateway's business.
    init(clientTools: Set<String>) {
        self.clientTools = clientTools
        clientCalls = 0
    }

    /// The calls for the gateway, known or not, in the model's order.
    var gatewayCalls: [ToolCall] {
        zip(assembler.finished, owners).compactMap { call, owner in
            if case .client = owner { return nil }
            return call
        }
    }

    /// The calls for the client.
    var callsOfClient: [ToolCall] {
        zip(assembler.finished, owners).compactMap { call, owner in
            if case .client = owner { return call }
            return nil
        }
    }

    /// Whether the upstream has sent more than any answer can hold.
    var isOverfull: Bool { assembler.isOverfull || writtenBytes > Self.maximumBytes }

    /// Bytes of text, reasoning and calls in an answer that is kept as a whole.
    static let maximumBytes = 16 << 20

    /// All calls.
    var calls: [ToolCall] { assembler.finished }

    mutating func take(_ event: ModelEvent) -> TurnEvent? {
        switch event {
        case .usage(let usage):
            self.usage = usage
            return nil
        case .usageDetails: return nil  // A turn's usage is a sum.
        case .metadata(let members): return .metadata(members)
        case .delta(let delta):
            // A bot gives one answer; more were not asked for.
            guard delta.choice == 0 else { return nil }
            return take(delta).map(TurnEvent.delta)
        }
    }

    private mutating func take(_ delta: ModelDelta) -> ModelDelta? {
        var out = delta
        out.finish = nil
        if let text = delta.content {
            content.append(text)
            writtenBytes += text.count
        }
        if let text = delta.reasoning {
            reasoning.append(text)
            writtenBytes += text.count
        }
        if let reason = delta.finish, finish == nil { finish = reason }
        if !delta.toolCalls.isEmpty {
            out.toolCalls = []
            for piece in delta.toolCalls {
                writtenBytes += piece.arguments.count
                route(assembler.take(piece), into: &out.toolCalls)
            }
        }
        return out.isEmpty ? nil : out
    }

    private mutating func route(_ piece: ToolCallDelta, into out: inout [ToolCallDelta]) {
        if piece.index == owners.count { owners.append(.unknown) }
        switch owners[piece.index] {
        case .gateway: return
        case .client(let index):
            var passed = piece
            passed.index = index
            out.append(passed)
        case .unknown:
            let call = assembler.finished[piece.index]
            if call.name.isEmpty { return }
            guard clientTools.contains(call.name) else {
                owners[piece.index] = .gateway
                return
            }
            owners[piece.index] = .client(index: clientCalls)
            // One opening piece with all that has come, whatever number of pieces it came in.
            out.append(ToolCallDelta(index: clientCalls, id: call.id, name: call.name, arguments: call.arguments))
            clientCalls += 1
        }
    }
}
