// Anthropic's token counts, which come in two parts.

import JSON
import OpenAIProtocol

/// The counts of `message_start` and `message_delta` together; later ones replace earlier ones. Of the answer only the
/// last are its count: `message_start` says 1 before there is any of it, and a stream that is cut says no more.
///
/// `input_tokens` leaves out what was read from or written into the cache, OpenAI's `prompt_tokens` has all.
struct AnthropicUsage: Sendable {
    private var input: Int?
    private var output: Int?
    private var read = 0
    private var written = 0
    private var thought = 0

    /// - Parameter isStart: these are of `message_start`.
    mutating func read(_ view: JSONView?, isStart: Bool = false) {
        guard let view, view.kind == .object else { return }
        input = Self.count(view["input_tokens"]) ?? input
        if !isStart { output = Self.count(view["output_tokens"]) ?? output }
        read = Self.count(view["cache_read_input_tokens"]) ?? read
        written = Self.count(view["cache_creation_input_tokens"]) ?? written
        thought = Self.count(view["output_tokens_details"]?["thinking_tokens"]) ?? thought
    }

    var counted: Usage? {
        guard input != nil || output != nil else { return nil }
        return Usage(
            promptTokens: (input ?? 0) + read + written,
            completionTokens: output ?? 0,
            cachedTokens: read,
            reasoningTokens: thought,
            cacheWriteTokens: written
        )
    }

    private static func count(_ view: JSONView?) -> Int? { view?.int.map(Usage.plausible) }
}
