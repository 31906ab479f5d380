// What the pipeline remembers of an alert beside its handling. Part of `AlertsSchema`.

import Storage

enum AlertPipelineSchema {
    static func correlation(_ dialect: SQLDialect) -> [String] {
        let text = AlertsSchema.textType(dialect)
        return [
            // The correlation rule that looks at it and what it is grouped by, so that a group can be laid out anew.
            "ALTER TABLE alert ADD COLUMN correlation BIGINT",
            "ALTER TABLE alert ADD COLUMN correlation_key \(text)",
            "ALTER TABLE alert ADD COLUMN calm_due_at BIGINT",
            "CREATE INDEX ix_alert_correlation ON alert (correlation, correlation_key, started_at) "
                + "WHERE correlation IS NOT NULL",
            "CREATE INDEX ix_alert_calm ON alert (calm_due_at) WHERE calm_due_at IS NOT NULL",
            // What is hidden and still goes on: few, while what was hidden once grows.
            "CREATE INDEX ix_alert_hidden ON alert (id) "
                + "WHERE shield IS NOT NULL AND status IN ('firing', 'acknowledged')",
        ]
    }

    /// What the ticker looks for among open alerts: few, beside all that were once.
    static func waiting(_ dialect: SQLDialect) -> [String] {
        [
            "CREATE INDEX ix_alert_held ON alert (id) WHERE is_held = 1 AND status IN ('firing', 'acknowledged')",
            "CREATE INDEX ix_alert_unassigned ON alert (id) WHERE assigned_at IS NULL AND operators = '[]' "
                + "AND aggregate IS NULL AND is_held = 0 AND shield IS NULL AND status IN ('firing', 'acknowledged')",
        ]
    }

    /// By which groups of any size cost the same: what members come to is found with a few looks.
    static func largeGroups(_ dialect: SQLDialect) -> [String] {
        let isOpen = "status IN ('firing', 'acknowledged')"
        return [
            // Where the run began that it is in; of sessions, whose later borders depend on the first start.
            "ALTER TABLE alert ADD COLUMN run_at BIGINT",
            // First and last start, the worst level, the root.
            "DROP INDEX ix_alert_aggregate",
            "CREATE INDEX ix_alert_aggregate ON alert (aggregate, level, started_at) WHERE aggregate IS NOT NULL",
            "DROP INDEX ix_alert_incident",
            "CREATE INDEX ix_alert_incident ON alert (incident, level, started_at, fingerprint) "
                + "WHERE incident IS NOT NULL",
            // Whether it goes on, and since when.
            "CREATE INDEX ix_alert_aggregate_open ON alert (aggregate, started_at) "
                + "WHERE aggregate IS NOT NULL AND \(isOpen)",
            "CREATE INDEX ix_alert_incident_open ON alert (incident, started_at) "
                + "WHERE incident IS NOT NULL AND \(isOpen)",
            // The latest end.
            "CREATE INDEX ix_alert_aggregate_end ON alert (aggregate, ended_at) WHERE aggregate IS NOT NULL",
            "CREATE INDEX ix_alert_incident_end ON alert (incident, ended_at) WHERE incident IS NOT NULL",
            // Aggregates, and what belongs to none.
            "CREATE INDEX ix_alert_loose ON alert (rule, group_key, started_at) "
                + "WHERE rule IS NOT NULL AND aggregate IS NULL",
            "CREATE INDEX ix_alert_loose_correlation ON alert (correlation, correlation_key, started_at) "
                + "WHERE correlation IS NOT NULL AND incident IS NULL",
        ]
    }
}
