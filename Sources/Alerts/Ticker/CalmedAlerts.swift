// Due: to tell how it ended with what came and went too often; and incidents that nobody saw end.

import JSON
import Storage

/// Flapping that has been quiet for its window. If it is over, those who were told that it flaps are told so; if it
/// still fires, it is told like any alert.
enum CalmedAlerts: TickJob {
    static func run(_ batch: inout TickBatch) throws -> TickResult {
        let alerts = try batch.due("calm_due_at")
        let connection = batch.work.connection
        let planner = NoticePlanner(rules: batch.work.rules, now: batch.work.now)
        for alert in alerts {
            let chain = try FlapRows.chain(alert, connection)
            try FlapRows.calm(chain, connection)
            var calm = alert
            calm.handling.isFlapping = false
            calm.handling.calmDueAt = nil
            batch.work.add(calm, before: alert)
            batch.work.edit(alert.id, touching: true) { _ in }
            guard alert.status.isOpen else {
                batch.work.told += try planner.recovered(chain, connection)
                continue
            }
            let told = try connection.query(
                "SELECT id FROM notification WHERE topic_type = 'alert' AND topic_id = $1 LIMIT 1",
                [.integer(alert.id)]
            )
            guard told.isEmpty else {
                batch.work.notices += try planner.raisedUnseen([calm], connection)
                continue
            }
            guard calm.standsAlone, let rule = planner.rule(calm), rule.scenarios.contains("assignment")
            else { continue }
            batch.work.notices += planner.assigned(
                calm,
                people: calm.handling.operators,
                channels: rule.channels,
                by: rule.name,
                sequence: 0
            )
        }
        return try batch.finish(alerts)
    }
}

/// Incidents whose alerts are all over, and that no transaction has settled. What a person opened again after the
/// last of them stays open.
enum FinishedIncidents: TickJob {
    static func run(_ batch: inout TickBatch) throws -> TickResult {
        let ids = try batch.work.connection.query(
            """
            SELECT i.id AS id FROM alert_incident i WHERE i.status IN ('pending', 'processing') AND i.id > $1
                AND NOT EXISTS (
                    SELECT 1 FROM alert a WHERE a.incident = i.id AND a.status IN ('firing', 'acknowledged'))
                AND EXISTS (SELECT 1 FROM alert a WHERE a.incident = i.id AND a.updated_at >= i.updated_at)
            ORDER BY i.id LIMIT \(TickBatch.size)
            """,
            [.integer(batch.after)]
        ).map { try $0.int("id") }
        batch.work.incidents = Set(ids)
        let notices = ids.isEmpty ? 0 : try batch.work.settle()
        return TickResult(rows: ids.count, notices: notices, last: ids.last ?? 0)
    }
}
