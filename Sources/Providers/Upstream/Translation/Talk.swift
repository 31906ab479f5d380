// A conversation taken out of OpenAI's form, ready for another protocol's.

import JSON

/// A conversation whose tool calls and results fit together: every call is followed by its result, results stand in
/// the order of the calls, and a result without a call has become text.
struct Talk: Sendable {
    enum Part: Sendable, Hashable {
        case text(String)
        /// `type` is a MIME type, `base64` the bytes.
        case data(type: String, base64: String)
        case url(String)
    }

    struct Call: Sendable, Hashable {
        var id: String
        var name: String
        /// Always an object.
        var arguments: JSONValue
    }

    struct Result: Sendable {
        var id: String
        var name: String
        var parts: [Part]
        /// Whether the conversation has none and this one stands in for it.
        var isMissing = false
        /// What the gateway has put before the text, where it tells of a failure.
        var failure: String?
    }

    enum Entry: Sendable {
        case user([Part])
        /// `prefix` is the mark of the conversation before it, see `ReplayMemory`.
        case assistant([Part], calls: [Call], prefix: Int)
        case results([Result])
    }

    /// The texts of all system messages, wherever they stood.
    private(set) var system: [String] = []
    private(set) var entries: [Entry] = []
    /// A mark of the whole conversation without its system messages.
    private(set) var prefix = 0
    private let provider: String

    /// - Throws: `badRequest` for content that no other protocol has a form for.
    init(_ call: ModelCall, provider: String) throws(ProviderFailure) {
        self.provider = provider
        var bytes: [UInt8] = [0x5B]
        bytes.append(joining: call.messages)
        bytes.append(0x5D)
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: bytes)
        } catch {
            throw ProviderFailure(.badRequest, "The messages are not JSON: \(error.message)", provider: provider)
        }
        // Another model's signatures are of no use.
        mark(call.model, [], [])
        let failed = call.failedResults
        var open = OpenCalls()
        for (index, message) in document.root.elements.enumerated() {
            let role = message["role"]?.string ?? ""
            let place = "messages[\(index)].content"
            let parts = try Self.parts(message["content"], place: place, provider: provider)
            if role == "system" || role == "developer" {
                let text = Self.text(parts)
                if !text.isEmpty { system.append(text) }
                continue
            }
            if role == "tool" || role == "function" {
                mark(role, parts, [])
                let id = message["tool_call_id"]?.string ?? ""
                if !open.answer(id, parts, failure: failed[id]) {
                    close(&open)
                    entries.append(.user([.text("The result of a tool:")] + parts))
                }
                continue
            }
            close(&open)
            if role == "assistant" {
                let calls = Self.calls(message["tool_calls"])
                var said = parts
                if let refusal = message["refusal"]?.string, !refusal.isEmpty { said.append(.text(refusal)) }
                entries.append(.assistant(said, calls: calls, prefix: prefix))
                mark(role, parts, calls)
                open = OpenCalls(calls)
            } else {
                entries.append(.user(parts))
                mark("user", parts, [])
            }
        }
        close(&open)
    }

    /// The names of all calls in the conversation.
    var callNames: [String] {
        entries.flatMap { entry -> [String] in
            if case .assistant(_, let calls, _) = entry { return calls.map(\.name) }
            return []
        }
    }

    private mutating func mark(_ role: String, _ parts: [Part], _ calls: [Call]) {
        var hasher = Hasher()
        hasher.combine(prefix)
        hasher.combine(role)
        hasher.combine(parts)
        for call in calls {
            hasher.combine(call.name)
            hasher.combine(call.arguments)
        }
        prefix = hasher.finalize()
    }

    /// The calls of a message and what has come of them, by their ids: there may be a hundred thousand.
    private struct OpenCalls {
        private let calls: [Call]
        private let names: [String: String]
        private var results: [String: Result] = [:]

        init(_ calls: [Call] = []) {
            self.calls = calls
            names = Dictionary(calls.map { ($0.id, $0.name) }) { first, _ in first }
        }

        /// - Returns: whether there is a call of this id without a result.
        mutating func answer(_ id: String, _ parts: [Part], failure: String?) -> Bool {
            guard let name = names[id], results[id] == nil else { return false }
            results[id] = Result(id: id, name: name, parts: parts, failure: failure)
            return true
        }

        /// The results in the order of the calls, with a stand-in where the client has lost one.
        var all: [Result] {
            calls.map { call in
                results[call.id]
                    ?? Result(id: call.id, name: call.name, parts: [.text("No result was given.")], isMissing: true)
            }
        }
    }

    /// Ends a set of calls.
    private mutating func close(_ open: inout OpenCalls) {
        let results = open.all
        if !results.isEmpty { entries.append(.results(results)) }
        open = OpenCalls()
    }

    static func text(_ parts: [Part]) -> String {
        parts.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n")
    }

    private static func calls(_ view: JSONView?) -> [Call] {
        guard let view, view.kind == .array else { return [] }
        return view.elements.enumerated().map { index, call in
            Call(
                id: call["id"]?.string ?? "call_\(index)",
                name: call["function"]?["name"]?.string ?? "",
                arguments: arguments(call["function"]?["arguments"])
            )
        }
    }

    /// The object of an arguments text. What is not one is kept for the model to see.
    private static func arguments(_ view: JSONView?) -> JSONValue {
        arguments(view?.string ?? (view?.kind == .object ? view?.value.text : nil) ?? "")
    }

    static func arguments(_ text: String) -> JSONValue {
        if text.utf8.allSatisfy(\.isWhiteSpace) { return .object([:]) }
        if let value = try? JSONValue(parsing: text), value.kind == .object { return value }
        return ["arguments": .string(text)]
    }
}
