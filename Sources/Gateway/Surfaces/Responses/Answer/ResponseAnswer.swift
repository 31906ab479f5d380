// A response in the making: a turn's events in, frames and the finished object out.

import Conversation
import JSON
import OpenAIProtocol
import Providers

/// The state of one answer, streamed or whole. Pure but for the clock that it is given.
struct ResponseAnswer: Sendable {
    private let document: ResponseDocument
    private let showSteps: Bool
    private var builder: OutputBuilder
    private var events = ResponseEvents()
    private var state: ResponseDocument.State
    private(set) var target: RouteTarget?
    private(set) var attempts = 0
    private var hasBegun = false

    /// - Parameter isStored: whether it is meant to be kept.
    init(document: ResponseDocument, token: String, showSteps: Bool, isStored: Bool) {
        self.document = document
        self.showSteps = showSteps
        builder = OutputBuilder(token: token)
        state = ResponseDocument.State(isStored: isStored)
    }

    /// Takes a turn's events and appends their frames.
    ///
    /// - Throws: `OpenAIError` 502 when the model has sent more than an answer can hold.
    mutating func take(_ turn: [TurnEvent], into out: inout [UInt8]) throws(OpenAIError) {
        for event in turn {
            switch event {
            case .began(let target, let attempts):
                self.target = target
                self.attempts = attempts
                begin(into: &out)
            case .metadata, .usageDetails: continue  // A response has none of them.
            case .delta(let delta):
                // A response has one answer.
                if delta.choice == 0 { note(builder.take(delta), into: &out) }
            case .step(let step):
                if showSteps { note(builder.take(step.delta), into: &out) }
            case .finish(let choice, let reason):
                guard choice == 0 else { continue }
                switch reason {
                case .length: state.incompleteReason = "max_output_tokens"
                case .contentFilter: state.incompleteReason = "content_filter"
                case .stop, .toolCalls, .functionCall: break
                }
                note(builder.end(isCut: state.incompleteReason != nil), into: &out)
            }
        }
        if builder.isOverfull { throw .answerTooLarge }
    }

    private mutating func begin(into out: inout [UInt8]) {
        guard !hasBegun else { return }
        hasBegun = true
        events.lifeCycle("response.created", document, state, into: &out)
        events.lifeCycle("response.in_progress", document, state, into: &out)
    }

    /// The answer is complete, or as far as it was allowed to be.
    ///
    /// - Returns: the response object, for the store and for whoever wants it whole.
    mutating func complete(usage: Usage, at seconds: Int64) -> [UInt8] {
        state.status = state.incompleteReason == nil ? .completed : .incomplete
        state.usage = usage
        state.output = builder.items
        if state.status == .completed { state.completedAt = seconds }
        return document.bytes(state)
    }

    /// It could not be kept; the object says so.
    mutating func forgetStore() -> [UInt8] {
        state.isStored = false
        return document.bytes(state)
    }

    /// The last event of a complete answer.
    mutating func last(into out: inout [UInt8]) {
        let name = state.status == .incomplete ? "response.incomplete" : "response.completed"
        events.lifeCycle(name, document, state, into: &out)
    }

    /// The last event of an answer that broke off: it never looks complete.
    mutating func fail(_ error: OpenAIError, usage: Usage, into out: inout [UInt8]) {
        // Clients fold the events into a response that `response.created` has made; nobody may have answered yet.
        begin(into: &out)
        builder.breakOff()
        state.status = .failed
        state.error = error
        state.usage = usage
        state.incompleteReason = nil
        state.output = builder.items
        state.isStored = false
        events.lifeCycle("response.failed", document, state, into: &out)
    }

    /// The id.
    var id: String { document.id }
    var createdAt: Int64 { document.createdAt }
    /// Whether it is to be kept.
    var isStored: Bool { state.isStored }

    private mutating func note(_ changes: [OutputChange], into out: inout [UInt8]) {
        for change in changes { events.change(change, in: builder.items, into: &out) }
    }
}
