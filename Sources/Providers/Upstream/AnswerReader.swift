// What every protocol's reader can do: turn the JSON of an upstream's answer into model events.

import JSON
import OpenAIProtocol

/// Reads the JSON of one upstream round. It remembers only what later pieces need.
protocol AnswerReader: Sendable {
    /// The provider's configured name, for failures.
    var provider: String { get }
    /// Whether the answer has ended with a reason, so that the body may end.
    var sawFinish: Bool { get }
    /// Whether the protocol's own end marker came; nothing behind it is read.
    var sawEnd: Bool { get }
    /// The model as the upstream names it.
    var answeredModel: String? { get }

    /// The event of data that differs from what was read before in its text only; nil when it must be read.
    func repeated(_ bytes: ArraySlice<UInt8>) -> ModelEvent?

    /// Reads the data of one event.
    ///
    /// - Throws: for an error of the upstream, and `malformed` for what is not of the protocol.
    mutating func read(_ bytes: [UInt8], into events: inout [ModelEvent]) throws(ProviderFailure)

    /// Reads an answer that came in one piece.
    mutating func readWhole(_ bytes: [UInt8], into events: inout [ModelEvent]) throws(ProviderFailure)
}

extension AnswerReader {
    var sawEnd: Bool { false }

    func repeated(_ bytes: ArraySlice<UInt8>) -> ModelEvent? { nil }

    mutating func readWhole(_ bytes: [UInt8], into events: inout [ModelEvent]) throws(ProviderFailure) {
        try read(bytes, into: &events)
    }

    /// An event's or answer's JSON.
    func document(_ bytes: [UInt8]) throws(ProviderFailure) -> JSONDocument {
        do {
            return try JSONDocument(parsing: bytes)
        } catch {
            throw malformed("sent something that is not JSON (\(error.message))")
        }
    }

    func requireObject(_ root: JSONView) throws(ProviderFailure) {
        guard root.kind == .object else { throw malformed("sent JSON that is not an object") }
    }

    func malformed(_ what: String) -> ProviderFailure {
        ProviderFailure(.malformed, "The provider \(provider) \(what).", provider: provider)
    }
}

extension ModelEvent {
    var saysSomething: Bool {
        if case .delta = self { return true }
        return false
    }

    /// Whether somebody would see it, or it ends a choice. Members of a choice are about what it says: by themselves, as
    /// with the role chunk of Azure (`"content_filter_results":{}`), they say nothing.
    var hasContent: Bool {
        guard case .delta(let delta) = self else { return false }
        return delta.content?.isEmpty == false || delta.reasoning?.isEmpty == false || delta.refusal?.isEmpty == false
            || !delta.toolCalls.isEmpty || !delta.extraDelta.isEmpty || delta.finish != nil
    }
}
