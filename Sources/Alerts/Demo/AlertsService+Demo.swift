// Loads the sample alerts through the same way that real ones come.

import Identity
import JSON
import Resources
import Storage

extension AlertsService {
    /// Makes the source `demo` and sends it the sample alerts, each with the label `demo=true`. Does nothing when the
    /// source has alerts already, so that it may be called at every start.
    ///
    /// - Returns: how many alerts were created.
    @discardableResult
    package func loadDemo() async throws -> Int {
        let sources = sources
        let source = try await database.write { connection -> AlertSource? in
            if try SourceRows.named(DemoAlerts.sourceID, connection) == nil {
                _ = try sources.create(
                    [
                        "name": "Demo", "source_id": .string(DemoAlerts.sourceID), "source_type": "monitor",
                        "description": "Sample alerts. May be deleted.",
                    ],
                    caller: .system,
                    team: Team.defaultID,
                    on: connection
                )
            }
            guard let source = try SourceRows.named(DemoAlerts.sourceID, connection) else { return nil }
            let rows = try connection.query(
                "SELECT COUNT(*) AS total FROM alert WHERE source = $1",
                [.integer(source.id)]
            )
            return try rows.first?.int("total") == 0 ? source : nil
        }
        guard let source else { return 0 }
        var created = 0
        for body in DemoAlerts.bodies(now: clock.now()) {
            let document = try JSONDocument(parsing: body.bytes)
            guard let reply = try await ingest(document.root, source) else { continue }
            created += reply.body["data"]?["created"]?.int ?? 0
        }
        return created
    }
}
