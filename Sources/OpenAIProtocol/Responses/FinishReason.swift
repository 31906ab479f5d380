// Why a model stopped, in the five words of the OpenAI protocol.

/// The legal values of `finish_reason` (OpenAI chat completions, `gateways.md` (e)).
package enum FinishReason: String, Sendable, Hashable {
    case stop
    case length
    case toolCalls = "tool_calls"
    case contentFilter = "content_filter"
    case functionCall = "function_call"

    /// Reads what an upstream sent; vendors' own words become the nearest legal value. Nil for those that say that the
    /// upstream failed and the answer is not complete (DeepSeek, vLLM, OpenRouter, Zhipu; `clients.md` 5.5).
    package init?(upstream text: String) {
        switch text {
        case "length", "max_tokens", "model_length": self = .length
        case "tool_calls", "tool_use": self = .toolCalls
        case "content_filter", "safety", "sensitive": self = .contentFilter
        case "function_call": self = .functionCall
        case "insufficient_system_resource", "abort", "error", "network_error": return nil
        default: self = .stop
        }
    }
}
