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
    /// From the path, the body or the query; nil when none names one.
    var sourceID: String?
    var secrets: [CredentialHash]

    /// More are not looked at: each costs a hash.
    private static let maximumSecrets = 8
    private static let maximumLength = 1_000

    /// - Parameter path: the source that the URL's path names.
    /// - Throws: the refusal.
    init(
        _ body: JSONView,
        secrets: [String],
        query: [(String, String)],
        path: String? = nil
    ) throws(Refusal) {
        let names = [
            ("path", path), ("body", Self.text(body["source_id"])),
            ("query", query.first { $0.0 == "source_id" }?.1),
        ].filter { $0.1?.isEmpty == false }
        if let first = names.first, let other = names.first(where: { $0.1 != first.1 }) {
            throw Refusal(
                .failure(
                    400,
                    "source_id mismatch",
                    [FieldError("source_id", "differs between \(first.0) and \(other.0)")]
                )
            )
        }
        sourceID = names.first?.1
        if sourceID?.utf8.contains(0) == true {
            throw Refusal(.failure(400, "Invalid source_id", [FieldError("source_id", "must not contain U+0000")]))
        }
        var presented = secrets
        if let secret = Self.text(body["secret"]) { presented.append(secret) }
        self.secrets = Self.hashes(presented, query)
        if self.secrets.isEmpty { throw Refusal(.failure(401, "Missing secret")) }
    }

    /// The hashes of the secrets in headers (or body) and query, as many and as long as are looked at.
    static func hashes(_ secrets: [String], _ query: [(String, String)]) -> [CredentialHash] {
        (secrets + query.filter { $0.0 == "secret" || $0.0 == "token" }.map(\.1))
            .filter { !$0.isEmpty && $0.utf8.count <= maximumLength }
            .prefix(maximumSecrets).map { CredentialHash(of: $0) }
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
    /// The source that is refused, when it is known.
    var source: AlertSource?

    init(_ reply: IngestReply, source: AlertSource? = nil) {
        self.reply = reply
        self.source = source
    }
}
