// An entry of `GET …/v1/models`, with the members by which Lobe Chat shows a model.

package import JSON

/// `{"id","object":"model","created","owned_by"}` and Lobe Chat's extras (`clients.md` 1.3): without `type` it guesses
/// a model's kind from its id, without `functionCall` it offers no tools.
package struct ModelCard: Sendable {
    package var id: String
    /// Unix seconds.
    package var created: Int64
    package var ownedBy: String
    package var displayName: String
    package var description: String?
    package var functionCall: Bool
    package var vision: Bool
    package var reasoning: Bool
    package var contextWindowTokens: Int

    package init(
        id: String,
        created: Int64,
        ownedBy: String = "opsgate",
        displayName: String,
        description: String? = nil,
        functionCall: Bool = true,
        vision: Bool = false,
        reasoning: Bool = false,
        contextWindowTokens: Int = 128_000
    ) {
        self.id = id
        self.created = created
        self.ownedBy = ownedBy
        self.displayName = displayName
        self.description = description
        self.functionCall = functionCall
        self.vision = vision
        self.reasoning = reasoning
        self.contextWindowTokens = contextWindowTokens
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "object": "model", "created": .number(JSONNumber(created)), "owned_by": .string(ownedBy),
            "type": "chat", "displayName": .string(displayName), "functionCall": .bool(functionCall),
            "vision": .bool(vision), "reasoning": .bool(reasoning),
            "contextWindowTokens": .number(JSONNumber(contextWindowTokens)), "enabled": true,
        ]
        if let description { object["description"] = .string(description) }
        return .object(object)
    }

    /// `{"object":"list","data":[…]}`
    package static func list(_ cards: [ModelCard]) -> JSONValue {
        ["object": "list", "data": .array(cards.map(\.json))]
    }
}
