// The model list as Anthropic's SDKs read it.

import JSON
import OpenAIProtocol
import Resources

extension ModelCard {
    /// `{"type":"model","id","display_name","created_at", …}` (anthropic 2.12 `types/model_info.py`).
    var anthropic: JSONValue {
        [
            "type": "model", "id": .string(id), "display_name": .string(displayName),
            "created_at": .string(Timestamp(milliseconds: created * 1000).text), "lifecycle": "active",
            "max_input_tokens": .integer(contextWindowTokens),
        ]
    }

    /// All on one page.
    static func anthropicPage(_ cards: [ModelCard]) -> JSONValue {
        [
            "data": .array(cards.map(\.anthropic)), "has_more": false,
            "first_id": cards.first.map { .string($0.id) } ?? .null,
            "last_id": cards.last.map { .string($0.id) } ?? .null,
        ]
    }
}
