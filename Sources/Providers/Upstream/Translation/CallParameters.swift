// The parameters of a call, taken one by one by an adapter; none is lost without a word.

import JSON
import OpenAIProtocol

/// The raw members of a call as an adapter maps them.
///
/// What is left in the end is dropped when it is a hint (`seed`, penalties, `user`, caching …) and named in
/// `ModelRound.droppedParameters`; it is refused when the answer would mean something else without it (`n`,
/// `logprobs`, audio …). Neutral values (`n` 1, a penalty of 0) are neither.
struct CallParameters: Sendable {
    private var members: JSONObject
    private(set) var dropped: [String]
    private let provider: String

    init(_ call: ModelCall, provider: String) throws(ProviderFailure) {
        self.provider = provider
        dropped = call.vendorMembers.map(\.name)
        do {
            members = try JSONValue(parsing: [0x7B] + call.parameters + [0x7D]).object ?? [:]
        } catch {
            throw ProviderFailure(.badRequest, "The parameters are not JSON: \(error.message)", provider: provider)
        }
    }

    /// The value, once; nil where it is absent or null.
    mutating func take(_ name: String) -> JSONValue? {
        guard let value = members.removeValue(forKey: name), !value.isNull else { return nil }
        return value
    }

    /// Takes the newer or the older name of the bound on the answer's tokens.
    mutating func takeMaximumTokens() -> Int? {
        let (newer, older) = (take("max_completion_tokens")?.int, take("max_tokens")?.int)
        return newer ?? older
    }

    /// Takes `stop` as a list. Upstreams refuse empty ones and those of white space.
    mutating func takeStops() -> [JSONValue] {
        guard let stop = take("stop") else { return [] }
        let all = stop.array ?? [stop]
        let usable = all.filter { !($0.string ?? "").utf8.allSatisfy(\.isWhiteSpace) }
        if usable.count < all.count { drop("stop") }
        return usable
    }

    /// Notes that a taken parameter could not be said.
    mutating func drop(_ name: String) {
        if !dropped.contains(name) { dropped.append(name) }
    }

    /// Settles what nobody took.
    ///
    /// - Throws: `badRequest` naming the parameter.
    mutating func settle() throws(ProviderFailure) {
        for (name, value) in members where !Self.isNeutral(name, value) {
            guard !Self.weighty.contains(name) else { throw refusal(name) }
            drop(name)
        }
    }

    func refusal(_ name: String) -> ProviderFailure {
        .unsupported("The provider \(provider) does not support '\(name)'.", provider: provider, parameter: name)
    }

    private static let weighty: Set<String> = [
        "n", "logprobs", "top_logprobs", "logit_bias", "audio", "modalities", "web_search_options", "response_format",
    ]

    private static func isNeutral(_ name: String, _ value: JSONValue) -> Bool {
        switch (name, value) {
        case (_, .null), ("logprobs", false), ("n", 1), ("top_logprobs", 0), ("modalities", ["text"]): true
        case ("frequency_penalty", 0), ("presence_penalty", 0), ("top_p", 1), ("store", false): true
        case ("logit_bias", .object(let map)), ("metadata", .object(let map)): map.isEmpty
        case ("service_tier", "auto"), ("verbosity", "medium"), ("parallel_tool_calls", true): true
        default: false
        }
    }
}
