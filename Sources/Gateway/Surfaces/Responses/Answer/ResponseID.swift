// Ids of responses and their items; from an item's id follows its response's.

import OpenAIProtocol

/// `resp_` and 24 letters; items have their response's letters and their place.
enum ResponseID {
    private static let prefix = "resp_"
    private static let length = 24

    /// The letters of a new response.
    static func makeToken() -> String { AnswerIdentity.makeID(prefix: "") }

    static func response(token: String) -> String { prefix + token }

    /// The id of an item of the output.
    static func item(_ prefix: String, token: String, index: Int) -> String {
        prefix + token + (index < 10 ? "0" : "") + String(index)
    }

    /// The id of an item of the input, for lists.
    static func input(of response: String, index: Int) -> String {
        "in_" + response.dropFirst(prefix.count) + (index < 10 ? "0" : "") + String(index)
    }

    /// The response whose output an item with this id belongs to; nil for ids that are not ours.
    static func response(ofItem id: String) -> String? {
        guard let bar = id.firstIndex(of: "_") else { return nil }
        let rest = id[id.index(after: bar)...]
        guard rest.utf8.count > length, rest.utf8.count < length + 12 else { return nil }
        return prefix + rest.prefix(length)
    }
}
