// From what a turn says to content blocks that follow one another.

import Conversation
import JSON
import OpenAIProtocol

/// Puts a turn's events into blocks. Pure: events in, actions out; the streamed and the whole answer are written from
/// the same actions.
///
/// In Anthropic's form one block ends before the next begins, while other upstreams may write several calls at once or
/// text between the pieces of one. What comes while a call is unfinished waits until its arguments are complete.
struct MessageBlocks {
    enum Kind: Equatable {
        case text
        case thinking
        case call(id: String, name: String)
    }

    enum Action: Equatable {
        case open(Kind)
        /// More of the open block: its text, its thinking, or its input's JSON text.
        case more(JSONText)
        case close
    }

    private enum Piece {
        case text(JSONText)
        case thinking(JSONText)
        case call(ToolCallDelta)

        /// Bytes that it takes while it waits, about.
        var size: Int {
            switch self {
            case .text(let text), .thinking(let text): 64 + text.count
            case .call(let delta): 64 + delta.arguments.count
            }
        }
    }

    private struct Call {
        var id = ""
        var name = ""
        /// What came before the name did.
        var early = JSONText()
        var scan = ArgumentScan()
        var isOver = false

        /// - Returns: whether it can be shown.
        mutating func take(_ delta: ToolCallDelta) -> Bool {
            // Whatever comes behind complete arguments belongs to nobody.
            guard !isOver else { return false }
            if let id = delta.id, self.id.isEmpty { self.id = id }
            if let name = delta.name, self.name.isEmpty { self.name = name }
            early.append(delta.arguments)
            return !name.isEmpty
        }
    }

    private enum Open: Equatable {
        case text, thinking
        case call(Int)
    }

    private var open: Open?
    private var calls: [Int: Call] = [:]
    private var waiting: [Piece] = []
    private var waitingBytes = 0
    private var finish: FinishReason?
    private var hasRefused = false
    /// What ended the answer, as the upstream tells it beside the finish.
    private var stopped: String?
    private(set) var hasCalls = false

    /// Whether more waits than any answer can hold: for a call that never ends.
    var isOverfull: Bool { waitingBytes > Self.largestWait }

    private static let largestWait = 16 << 20

    mutating func take(_ event: TurnEvent, showSteps: Bool) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .began, .metadata, .usageDetails: break
        case .delta(let delta):
            // One answer is asked for.
            if delta.choice == 0 { take(delta, &actions) }
        case .step(let step):
            if showSteps, let text = step.delta.reasoning { take(.thinking(text), &actions) }
        case .finish(let choice, let reason):
            if choice == 0 { finish = reason }
        }
        return actions
    }

    /// What is left when there is nothing more to come.
    mutating func end() -> [Action] {
        var actions: [Action] = []
        while !waiting.isEmpty {
            close(&actions)
            drain(&actions)
        }
        for index in calls.keys.sorted() where calls[index]?.isOver == false {
            if open == .call(index) { continue }
            begin(index, &actions)
        }
        close(&actions)
        return actions
    }

    /// Why the answer ended. Known once all has been taken.
    ///
    /// - Parameter stops: the request's stop sequences.
    func stop(_ stops: [String]) -> MessageStop {
        switch finish ?? .stop {
        case .toolCalls, .functionCall: return hasCalls ? .toolUse : .endTurn
        case .length: return .maxTokens
        case .contentFilter: return .refusal
        case .stop:
            if hasRefused { return .refusal }
            if hasCalls { return .toolUse }
            return stopped.flatMap { stops.contains($0) ? .sequence($0) : nil } ?? .endTurn
        }
    }

    // MARK: Pieces

    private mutating func take(_ delta: ModelDelta, _ actions: inout [Action]) {
        if let text = delta.reasoning, !text.isEmpty { take(.thinking(text), &actions) }
        if let text = delta.content, !text.isEmpty { take(.text(text), &actions) }
        if let text = delta.refusal, !text.isEmpty {
            hasRefused = true
            take(.text(text), &actions)
        }
        for call in delta.toolCalls { take(.call(call), &actions) }
        if !delta.extraChoice.isEmpty { readStop(delta.extraChoice) }
    }

    /// vLLM and our own adapters name the text that ended an answer `stop_reason`, beside `finish_reason`.
    private mutating func readStop(_ members: [UInt8]) {
        guard let document = try? JSONDocument(parsing: [0x7B] + members + [0x7D]),
            let text = document.root["stop_reason"]?.string
        else { return }
        stopped = text
    }

    private mutating func take(_ piece: Piece, _ actions: inout [Action]) {
        if case .call(let delta) = piece, open == .call(delta.index) {
            goOn(delta, &actions)
            if calls[delta.index]?.scan.isComplete == true, !waiting.isEmpty { drain(&actions) }
        } else if case .call(let index) = open, calls[index]?.scan.isComplete == false {
            waiting.append(piece)
            waitingBytes += piece.size
        } else {
            start(piece, &actions)
        }
    }

    private mutating func drain(_ actions: inout [Action]) {
        let pieces = waiting
        (waiting, waitingBytes) = ([], 0)
        for piece in pieces { take(piece, &actions) }
    }

    private mutating func start(_ piece: Piece, _ actions: inout [Action]) {
        switch piece {
        case .text(let text):
            if open != .text {
                close(&actions)
                open = .text
                actions.append(.open(.text))
            }
            actions.append(.more(text))
        case .thinking(let text):
            if open != .thinking {
                close(&actions)
                open = .thinking
                actions.append(.open(.thinking))
            }
            actions.append(.more(text))
        case .call(let delta):
            // In its place, where it grows without being copied: thousands of pieces may come before a name.
            let isReady = calls[delta.index, default: Call()].take(delta)
            if isReady { begin(delta.index, &actions) }
        }
    }

    private mutating func begin(_ index: Int, _ actions: inout [Action]) {
        guard let call = calls[index] else { return }
        close(&actions)
        open = .call(index)
        hasCalls = true
        actions.append(.open(.call(id: call.id, name: call.name)))
        goOn(ToolCallDelta(index: index, arguments: call.early), &actions)
    }

    private mutating func goOn(_ delta: ToolCallDelta, _ actions: inout [Action]) {
        guard !delta.arguments.isEmpty, calls[delta.index]?.scan.isComplete == false else { return }
        calls[delta.index]?.scan.take(delta.arguments)
        actions.append(.more(delta.arguments))
    }

    private mutating func close(_ actions: inout [Action]) {
        guard let open else { return }
        if case .call(let index) = open { calls[index]?.isOver = true }
        self.open = nil
        actions.append(.close)
    }
}

/// Why an answer ended, in Anthropic's words.
enum MessageStop: Equatable, Sendable {
    case endTurn, maxTokens, toolUse, refusal
    case sequence(String)

    var reason: String {
        switch self {
        case .endTurn: "end_turn"
        case .maxTokens: "max_tokens"
        case .toolUse: "tool_use"
        case .refusal: "refusal"
        case .sequence: "stop_sequence"
        }
    }

    var sequence: String? { if case .sequence(let text) = self { text } else { nil } }
}
