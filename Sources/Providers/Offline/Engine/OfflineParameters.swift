// The request's parameters that mean something to a model without sampling.

import JSON

/// Reads `ModelCall.parameters`. Temperature, seed, penalties and the like are ignored: the answers are the same every
/// time. What would change the form of the answer is honoured or refused.
struct OfflineParameters: Sendable {
    /// Texts before which the answer is cut, without them.
    private(set) var stops: [String] = []
    /// Tokens at most, by the estimate of `TokenEstimate`.
    private(set) var maximumTokens: Int?
    /// Identical choices.
    private(set) var choices = 1
    private(set) var parallelCalls = true
    /// `response_format` `json_object`: the answer comes as `{"answer": "…"}`.
    private(set) var wantsObject = false

    /// - Throws: `ProviderFailure.badRequest` for a form that the offline model cannot give: a JSON schema, log
    ///   probabilities, sound. Better refused by name than answered in another form than the caller will parse.
    init(_ members: [UInt8], provider: String) throws(ProviderFailure) {
        guard !members.isEmpty else { return }
        let object: JSONObject
        do {
            object = try JSONValue(parsing: [0x7B] + members + [0x7D]).object ?? [:]
        } catch {
            throw ProviderFailure(.badRequest, "The parameters are no valid JSON: \(error.message)", provider: provider)
        }
        switch object["stop"] {
        case .string(let one): stops = [one]
        case .array(let several): stops = several.compactMap(\.string)
        default: break
        }
        stops.removeAll(where: \.isEmpty)
        let bounds = [object["max_completion_tokens"]?.int, object["max_tokens"]?.int].compactMap { $0 }
        maximumTokens = bounds.min().map { max(1, $0) }
        choices = max(1, min(object["n"]?.int ?? 1, 128))
        parallelCalls = object["parallel_tool_calls"]?.bool ?? true
        switch object["response_format"]?["type"]?.string {
        case nil, "text": break
        case "json_object": wantsObject = true
        default: throw Self.refusal("response_format", "no JSON schema, only \"text\" and \"json_object\"", provider)
        }
        if object["logprobs"]?.bool == true { throw Self.refusal("logprobs", "no log probabilities", provider) }
        if let modalities = object["modalities"]?.array, modalities.contains("audio") {
            throw Self.refusal("modalities", "no sound", provider)
        }
    }

    private static func refusal(_ parameter: String, _ what: String, _ provider: String) -> ProviderFailure {
        ProviderFailure(
            .badRequest,
            "Invalid '\(parameter)': the offline model has \(what).",
            provider: provider,
            parameter: parameter
        )
    }
}
