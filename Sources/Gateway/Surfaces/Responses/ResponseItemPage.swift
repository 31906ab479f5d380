// A page of the items that a response was asked with.

import Conversation
import JSON
import OpenAIProtocol

/// The query of `GET …/responses/{id}/input_items`.
struct ResponseItemPage: Sendable {
    private var limit = 20
    private var isAscending = false
    private var after: String?

    /// - Throws: `OpenAIError` 400 that names the parameter.
    init(_ query: [(String, String)]) throws(OpenAIError) {
        for (name, value) in query {
            switch name {
            case "limit":
                guard let number = Int(value), (1...100).contains(number) else {
                    throw .invalid("Invalid 'limit': must be between 1 and 100.", param: "limit")
                }
                limit = number
            case "order":
                guard value == "asc" || value == "desc" else {
                    throw .invalid("Invalid 'order': supported are 'asc' and 'desc'.", param: "order")
                }
                isAscending = value == "asc"
            case "after": after = value
            default: continue
            }
        }
    }

    /// The list object. Items get ids where the client gave none.
    ///
    /// - Throws: `OpenAIError` 400 for an item to go on from that there is not.
    func list(of response: StoredResponse) throws -> JSONValue {
        let elements = try JSONValue(parsing: response.input).array ?? []
        var items = elements.enumerated().map { index, element -> (id: String, item: JSONValue) in
            var item = element.object ?? [:]
            let given = item["id"]?.string
            let id = given ?? ResponseID.input(of: response.id, index: index)
            item["id"] = .string(id)
            if item["type"] == nil { item["type"] = "message" }
            if let text = item["content"]?.string {
                let kind: JSONValue = item["role"] == "assistant" ? "output_text" : "input_text"
                item["content"] = [["type": kind, "text": .string(text)]]
            }
            return (id, .object(item))
        }
        if !isAscending { items.reverse() }
        if let after {
            // The first page once more would lead a client round in a circle.
            guard let place = items.firstIndex(where: { $0.id == after }) else {
                throw OpenAIError.invalid("Invalid 'after': there is no item '\(after.prefix(100))'.", param: "after")
            }
            items.removeFirst(place + 1)
        }
        let page = items.prefix(limit)
        return [
            "object": "list", "data": .array(page.map(\.item)),
            "first_id": page.first.map { .string($0.id) } ?? .null,
            "last_id": page.last.map { .string($0.id) } ?? .null,
            "has_more": .bool(items.count > page.count),
        ]
    }
}
