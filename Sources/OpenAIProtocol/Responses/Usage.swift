// Tokens used, by kind, with addition over the rounds of a turn.

package import JSON

/// The `usage` object of chat completions; all counts are tokens.
package struct Usage: Sendable, Hashable {
    /// Tokens of the conversation sent to the model.
    package var promptTokens: Int
    /// Tokens written by the model, reasoning included.
    package var completionTokens: Int
    /// The part of the prompt that came from a cache, where the upstream says so.
    package var cachedTokens: Int
    /// The part of the prompt that was written into a cache, where the upstream says so.
    package var cacheWriteTokens: Int
    /// The part of the completion that was reasoning, where the upstream says so.
    package var reasoningTokens: Int
    /// True when the upstream reported nothing and the counts are the gateway's estimate.
    package var isEstimated: Bool

    package var totalTokens: Int { promptTokens + completionTokens }

    package init(
        promptTokens: Int = 0,
        completionTokens: Int = 0,
        cachedTokens: Int = 0,
        reasoningTokens: Int = 0,
        cacheWriteTokens: Int = 0,
        isEstimated: Bool = false
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
        self.reasoningTokens = reasoningTokens
        self.cacheWriteTokens = cacheWriteTokens
        self.isEstimated = isEstimated
    }

    /// Reads an upstream's `usage` object; nil when it is no object or `null`. DeepSeek's cache members are understood.
    package init?(_ view: JSONView) {
        guard view.kind == .object else { return nil }
        let prompt = view["prompt_tokens"]?.int ?? 0
        let completion = view["completion_tokens"]?.int ?? 0
        let cached =
            view["prompt_tokens_details"]?["cached_tokens"]?.int ?? view["prompt_cache_hit_tokens"]?.int ?? 0
        let reasoning = view["completion_tokens_details"]?["reasoning_tokens"]?.int ?? 0
        let written = view["prompt_tokens_details"]?["cache_write_tokens"]?.int ?? 0
        // A negative count would corrupt the sums that people pay by, a huge one overflow them.
        self.init(
            promptTokens: Self.plausible(prompt),
            completionTokens: Self.plausible(completion),
            cachedTokens: Self.plausible(cached),
            reasoningTokens: Self.plausible(reasoning),
            cacheWriteTokens: Self.plausible(written)
        )
    }

    /// Within what a round can use: 2^40 tokens are more than any, and a million such rounds can be added up.
    package static func plausible(_ count: Int) -> Int { min(max(0, count), 1 << 40) }

    package static func += (left: inout Usage, right: Usage) {
        left.promptTokens += right.promptTokens
        left.completionTokens += right.completionTokens
        left.cachedTokens += right.cachedTokens
        left.reasoningTokens += right.reasoningTokens
        left.cacheWriteTokens += right.cacheWriteTokens
        left.isEstimated = left.isEstimated || right.isEstimated
    }

    /// Writes the object with the details that openai-python's types name, and others that an upstream gave.
    package func write(into writer: inout JSONWriter, details: UsageDetails = UsageDetails()) {
        writer.beginObject()
        writer.key("prompt_tokens")
        writer.int(promptTokens)
        writer.key("completion_tokens")
        writer.int(completionTokens)
        writer.key("total_tokens")
        writer.int(totalTokens)
        writer.key("prompt_tokens_details")
        writer.beginObject()
        writer.key("cached_tokens")
        writer.int(cachedTokens)
        if cacheWriteTokens > 0 {
            writer.key("cache_write_tokens")
            writer.int(cacheWriteTokens)
        }
        writer.members(details.prompt)
        writer.endObject()
        writer.key("completion_tokens_details")
        writer.beginObject()
        writer.key("reasoning_tokens")
        writer.int(reasoningTokens)
        writer.members(details.completion)
        writer.endObject()
        writer.members(details.members)
        writer.endObject()
    }
}
