// Counts tokens of a model that has none.

import OpenAIProtocol

extension TokenEstimate {
    /// What one choice of a reply costs.
    static func tokens(of reply: OfflineReply) -> Int {
        tokens(
            bytes: reply.text.utf8.count + reply.calls.reduce(0) { $0 + $1.name.utf8.count + $1.arguments.utf8.count }
        )
    }

    static func usage(of call: ModelCall, _ reply: OfflineReply) -> Usage {
        let prompt = call.messages.reduce(0) { $0 + $1.count } + call.tools.reduce(0) { $0 + $1.json.count }
        return Usage(
            promptTokens: tokens(bytes: prompt),
            completionTokens: tokens(of: reply) * reply.choices,
            isEstimated: true
        )
    }
}
