// Delivery gaps, for lists and tools: so that nobody takes a cut message for the whole.

import Identity
import JSON
import Resources
import Storage

/// A gap that a sender told of.
struct KnownGap: Sendable {
    var sourceID: String
    var missing: Int64
    var receivedAt: Timestamp

    var json: JSONValue {
        ["source_id": .string(sourceID), "missing": .integer(missing), "received_at": receivedAt.json]
    }

    var text: String {
        "source \(sourceID) left out \(missing) \(missing == 1 ? "alert" : "alerts") at \(receivedAt.text)"
    }
}

enum GapReader {
    /// The last gaps of the caller's teams.
    static func since(_ moment: Timestamp, _ caller: Caller, _ connection: any SQLConnection) throws -> [KnownGap] {
        let scope = caller.teamCondition(column: "g.team") ?? "1 = 1"
        return try connection.query(
            fragment: """
                SELECT s.source_id AS source_id, g.missing AS missing, g.received_at AS received_at
                FROM alert_gap g JOIN alert_source s ON s.id = g.source
                WHERE g.received_at >= \(moment) AND \(scope) ORDER BY g.received_at DESC, g.id DESC LIMIT 5
                """
        ).map { row in
            KnownGap(
                sourceID: try row.text("source_id"),
                missing: try row.int("missing"),
                receivedAt: Timestamp(milliseconds: try row.int("received_at"))
            )
        }
    }
}
