// What a model says, piece by piece, in one form for every provider.

package import OpenAIProtocol

/// One piece of a model's answer.
package enum ModelEvent: Sendable {
    /// Something for one choice: text, reasoning, tool calls, the finish.
    case delta(ModelDelta)
    /// The tokens of the round; may come more than once, the last counts.
    case usage(Usage)
    /// What the upstream told of its tokens beyond the counts.
    case usageDetails(UsageDetails)
    /// Raw JSON members of the chunk itself that are passed on as they came (`"system_fingerprint":…`), comma-joined.
    case metadata([UInt8])
}
