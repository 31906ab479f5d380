// The kept items that a request refers to, picked from the responses that they belong to.

import Conversation
import JSON
import OpenAIProtocol

/// Collects the items of some ids. What is read for one request is bounded, however many kept responses it names.
struct ReferencedItems {
    /// Bytes of all responses that are read for the references of a request.
    static let largest = 16 << 20

    private let wanted: Set<String>
    private var items: [String: JSONView] = [:]
    private var bytes = 0

    init(_ ids: [String]) {
        wanted = Set(ids)
    }

    /// The responses that have the items.
    var responses: Set<String> { Set(wanted.compactMap(ResponseID.response(ofItem:))) }

    /// - Throws: `OpenAIError` 413 when the responses together are larger than what is read for one request.
    mutating func take(_ response: StoredResponse) throws {
        bytes += response.bytes
        guard bytes <= Self.largest else {
            throw OpenAIError.largeInput("the responses that its references belong to", limit: Self.largest)
        }
        for item in try JSONDocument(parsing: response.body).root["output"]?.elements.map({ $0 }) ?? [] {
            guard let id = item["id"]?.string, wanted.contains(id) else { continue }
            // A copy: a view would keep the whole response in memory.
            items[id] = try JSONDocument(parsing: item.rawBytes).root
        }
    }

    subscript(id: String) -> JSONView? { items[id] }
}

extension OpenAIError {
    /// 413 for an input that says little and means much.
    ///
    /// - Parameter subject: what is too large.
    static func largeInput(_ subject: String, limit: Int) -> OpenAIError {
        OpenAIError(
            status: 413,
            message: "Invalid 'input': \(subject) must not be larger than \(limit) bytes together.",
            type: "invalid_request_error",
            param: "input",
            code: "request_too_large"
        )
    }
}
