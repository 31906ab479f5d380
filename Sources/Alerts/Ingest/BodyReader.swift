// Reads what a webhook body and its query say about the sender, before any event is looked at.

import Identity
package import JSON
import Resources

/// The answer to a webhook: a status and a body in the common envelope.
package struct IngestReply: Sendable {
    package var status: Int
    package var body: JSONValue
    /// For the log line: the source, when it was found, and how many events were taken.
    package var sourceID: String?
    package var received = 0

    package init(status: Int, body: JSONValue, sourceID: String? = nil, received: Int = 0) {
        self.status = status
        self.body = body
        self.sourceID = sourceID
        self.received = received
    }

    static func failure(_ status: Int, _ message: String, _ errors: [FieldError] = []) -> IngestReply {
        IngestReply(status: status, body: Envelope.failure(status: status, message: message, errors: errors))
    }
}

/// Who a body says it is from.
struct PresentedSource {
    /// From the body or the query; nil when neither names one.
    var sourceID: String?
    var secrets: [CredentialHash]

    /// More are not looked at: each costs a hash.
    private static let maximumSecrets = 8
    private static let maximumLength = 1_000

    /// - Throws: the refusal.
    init(_ body: JSONView, secrets: [String], query: [(String, String)]) throws(Refusal) {
        let inBody = Self.text(body["source_id"])
        let inQuery = query.first { $0.0 == "source_id" }?.1
        if let inBody, let inQuery, !inQuery.isEmpty, inBody != inQuery {
            throw Refusal(
                .failure(400, "source_id mismatch", [FieldError("source_id", "differs between body and query")])
            )
        }
        sourceID = inBody ?? (inQuery?.isEmpty == false ? inQuery : nil)
        if sourceID?.utf8.contains(0) == true {
            throw Refusal(.failure(400, "Invalid source_id", [FieldError("source_id", "must not contain U+0000")]))
        }
        var presented = secrets
        if let secret = Self.text(body["secret"]) { presented.append(secret) }
        presented += query.filter { $0.0 == "secret" }.map(\.1)
        self.secrets = presented.filter { !$0.isEmpty && $0.utf8.count <= Self.maximumLength }
            .prefix(Self.maximumSecrets).map { CredentialHash(of: $0) }
        if self.secrets.isEmpty { throw Refusal(.failure(401, "Missing secret")) }
    }

    private static func text(_ view: JSONView?) -> String? {
        guard let view else { return nil }
        let text = view.string ?? view.number?.text
        return text?.isEmpty == false ? text : nil
    }
}

/// A body that is answered without a look at its events.
struct Refusal: Error {
    var reply: IngestReply

    init(_ reply: IngestReply) {
        self.reply = reply
    }
}
