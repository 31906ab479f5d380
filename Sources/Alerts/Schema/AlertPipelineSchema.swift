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
}
