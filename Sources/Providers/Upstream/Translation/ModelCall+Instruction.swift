// Words of the gateway's own in a conversation: for what a model's server cannot be told otherwise.

import JSON

extension ModelCall {
    /// Adds words to the first system message, or puts one before the conversation: more than one, or one further down, is
    /// refused by many models' templates.
    mutating func instruct(_ words: String) throws(JSONError) {
        for (index, piece) in messages.enumerated() where !piece.isEmpty {
            let document = try JSONDocument(parsing: [0x5B] + piece + [0x5D])
            let system = document.root.elements.first { ["system", "developer"].contains($0["role"]?.string) }
            guard let content = system?["content"] else { continue }
            let own = content.string ?? content.elements.compactMap { $0["text"]?.string }.joined(separator: "\n")
            let text = JSONValue.string(own.isEmpty ? words : "\(own)\n\n\(words)").bytes
            messages[index] = Array(splice(document.bytes, [(content.range, text)]).dropFirst().dropLast())
            return
        }
        messages.insert(JSONValue.object(["role": "system", "content": .string(words)]).bytes, at: 0)
    }

    /// Asks in words for what `response_format` asks for by a schema; of the server only for JSON (`clients.md` 5.5).
    ///
    /// - Returns: whether there was a schema.
    @discardableResult
    mutating func describeSchema() -> Bool {
        guard let document = try? JSONDocument(parsing: [0x7B] + parameters + [0x7D]),
            let format = document.root["response_format"], format["type"]?.stringEquals("json_schema") == true
        else { return false }
        // Servers of JSON mode want the word JSON in the conversation.
        var words = "Answer with one JSON object and nothing else."
        if let schema = format["json_schema"]?["schema"] {
            words += " It must be valid against this JSON Schema:\n\(String(decoding: schema.rawBytes, as: UTF8.self))"
        }
        guard (try? instruct(words)) != nil else { return false }
        let json = splice(document.bytes, [(format.range, Array(#"{"type":"json_object"}"#.utf8))])
        parameters = Array(json.dropFirst().dropLast())
        return true
    }
}
