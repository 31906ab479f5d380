// A new secret for a source, with the old one still good for a while if wanted.

package import Identity
package import JSON
import Resources
import Storage

extension AlertsService {
    /// `POST alert_source/{id}/rotate_secret/`: a new secret, given or made, and shown in this answer only.
    ///
    /// - Parameter body: `secret` (optional text of at least 8 characters), `overlap_minutes` (optional, 0 to 10080):
    ///   for how long the old secret is accepted beside the new one, so that senders can be changed one after another.
    /// - Returns: `{"id","source_id","secret","previous_secret_until"}`.
    /// - Throws: `ResourceError`, `DatabaseError`.
    package func rotateSecret(
        id: Int64,
        body: JSONObject,
        caller: Caller,
        requestID: String = ""
    ) async throws -> JSONValue {
        try sources.authorize(.patch, caller)
        let (secret, overlap) = try Self.rotation(body)
        let now = clock.now()
        let sources = sources
        let answer = try await database.write { connection -> JSONObject in
            let old = try connection.query("SELECT secret FROM alert_source WHERE id = $1", [.integer(id)]).first
            // Checks rights and teams, hashes, tells the audit, and makes `updated_at` later.
            let changed = try sources.patch(
                id: id,
                ["secret": .string(secret.reveal())],
                caller: caller,
                requestID: requestID,
                on: connection
            )
            let until: Int64? = overlap > 0 ? now + overlap * 60_000 : nil
            if let until, let old {
                try connection.execute(
                    "UPDATE alert_source SET previous_secret = $2, previous_secret_until = $3 WHERE id = $1",
                    [.integer(id), .text(try old.text("secret")), .integer(until)]
                )
            }
            return [
                "id": .integer(id), "source_id": changed["source_id"] ?? .null,
                "previous_secret_until": until.map { Timestamp(milliseconds: $0).json } ?? .null,
            ]
        }
        directory.forget()
        var shown = answer
        shown["secret"] = .string(secret.reveal())
        return .object(shown)
    }

    private static func rotation(_ body: JSONObject) throws(ResourceError) -> (secret: Secret, overlapMinutes: Int64) {
        var errors: [FieldError] = []
        var secret = WebhookSecret.generate()
        var overlap: Int64 = 0
        for (name, value) in body where value != .null {
            switch name {
            case "secret":
                if let text = value.string, (8...255).contains(text.utf8.count), !text.utf8.contains(0) {
                    secret = Secret(text)
                } else {
                    errors.append(FieldError(name, "must be a string of 8 to 255 characters"))
                }
            case "overlap_minutes":
                if let minutes = value.int, (0...10_080).contains(minutes) {
                    overlap = Int64(minutes)
                } else {
                    errors.append(FieldError(name, "must be an integer from 0 to 10080"))
                }
            default:
                errors.append(FieldError(name, "is not known here"))
            }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return (secret, overlap)
    }
}
