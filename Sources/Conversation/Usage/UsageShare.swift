// A turn's part of one target, in the books of turns that several had a part in.

package import OpenAIProtocol
import Providers
import Storage

/// A row of the table `usage_share`. Most turns have one target and none of these.
package struct UsageShare: Sendable {
    package var provider: String?
    package var model: String?
    package var usage: Usage
    /// Millionths of the currency unit; the shares of a turn add up to what its row says.
    package var costMicros: Int64
    package var isCostKnown: Bool
    /// Whether this is the target that the row names: of one turn, one is. There the request is counted.
    package var isLast: Bool

    /// The shares of a turn; none where one target had all of it.
    static func list(_ tally: TurnTally, _ cost: TurnCost) -> [UsageShare] {
        guard tally.shares.count > 1 else { return [] }
        var sum = Charge.zero
        var shares = zip(tally.shares, cost.charges).map { share, charge in
            // Rounded once as a whole: each has what it adds to the rounded sum.
            let before = sum.micros
            sum = sum + (charge ?? .zero)
            return UsageShare(
                provider: share.target?.provider,
                model: share.target?.model,
                usage: share.usage,
                costMicros: sum.micros - before,
                isCostKnown: charge != nil,
                isLast: share.target?.name == tally.target?.name
            )
        }
        if !shares.contains(where: \.isLast) {
            shares.append(
                UsageShare(
                    provider: tally.target?.provider,
                    model: tally.target?.model,
                    usage: Usage(),
                    costMicros: 0,
                    isCostKnown: true,
                    isLast: true
                )
            )
        }
        return shares
    }
}

extension UsageShare {
    /// What of a row is the target's; for the rest the row stands.
    static let ofTarget = [
        "provider", "model", "prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens",
        "reasoning_tokens", "is_estimated", "cost_micros", "is_cost_known",
    ]
    static let columns = ["usage_id", "is_last"] + ofTarget

    /// A value for each column.
    func values(of usageID: Int64) -> [SQLValue] {
        [
            .integer(usageID), .integer(isLast ? 1 : 0), .optional(provider), .optional(model),
            .integer(Int64(usage.promptTokens)), .integer(Int64(usage.completionTokens)),
            .integer(Int64(usage.cachedTokens)), .integer(Int64(usage.cacheWriteTokens)),
            .integer(Int64(usage.reasoningTokens)), .integer(usage.isEstimated ? 1 : 0), .integer(costMicros),
            .integer(isCostKnown ? 1 : 0),
        ]
    }
}
