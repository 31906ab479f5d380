// Indexes by which lists of a million alerts stay fast, and the log as a view. Part of `AlertsSchema`.

import Storage

enum AlertListSchema {
    /// What each index is for stands in `AlertAccess`. None of those that every new event changes is new: ingest pays
    /// for indexes.
    static func statements(_ dialect: SQLDialect) -> [String] {
        [
            // Filters by status and level, for one team or all: counted without touching a row.
            "DROP INDEX ix_alert_status",
            "CREATE INDEX ix_alert_state ON alert (status, level, team)",
            // A team's alerts in the list's order; status and level decide before a row is touched.
            "DROP INDEX ix_alert_team",
            "CREATE INDEX ix_alert_team ON alert (team, last_event_at, status, level)",
            // The order of the tools: what goes on first, worst first, newest first.
            "CREATE INDEX ix_alert_urgency ON alert (\(AlertCursor.indexTerms))",
            // Tools look for hosts without regard to case, with or without a domain.
            "CREATE INDEX ix_alert_host_lower ON alert (lower(host))",
            // Whose alerts: most have been given to nobody.
            "CREATE INDEX ix_alert_operators ON alert (last_event_at, operators, team, status, level) "
                + "WHERE operators <> '[]'",
            "CREATE INDEX ix_alert_event_received ON alert_event (team, received_at)",
            "CREATE INDEX ix_alert_incident_root ON alert_incident (root_alert) WHERE root_alert IS NOT NULL",
            """
            CREATE VIEW alert_log AS
            SELECT id, team, username AS "operator", action, object_type AS target_type, object_id AS target_id,
                before_json AS "before", after_json AS "after", at AS created_at
            FROM audit_log
            WHERE substr(object_type, 1, 5) = 'alert' OR object_type IN ('incident', 'event', 'level', 'shield',
                'assignment', 'aggregation_rule', 'correlation_rule', 'channel', 'notification_channel', 'notification')
            """,
        ]
    }

    /// Whom alerts were given to decides before a row is touched, and changes seldom.
    static func unassigned(_ dialect: SQLDialect) -> [String] {
        [
            "DROP INDEX ix_alert_state",
            "CREATE INDEX ix_alert_state ON alert (status, level, team, operators)",
        ]
    }
}
