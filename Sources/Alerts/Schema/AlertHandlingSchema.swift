// The tables of what happens to alerts: who is on them, the rules, incidents. Part of `AlertsSchema`.

import Storage

enum AlertHandlingSchema {
    /// Who is on an alert, what hides it, what it belongs to, when something is due.
    static func handling(_ dialect: SQLDialect) -> [String] {
        let text = AlertsSchema.textType(dialect)
        let columns = [
            // `single`, or `aggregate`: an alert that stands for several, made by an aggregation rule.
            "kind \(text) NOT NULL DEFAULT 'single'",
            // JSON array of usernames: the people it was given to.
            "operators \(text) NOT NULL DEFAULT '[]'",
            "assignment BIGINT",
            "assigned_at BIGINT",
            "acknowledged_by \(text)",
            "acknowledged_at BIGINT",
            // A username, or `rule:auto_close`; the source when null.
            "closed_by \(text)",
            "closed_at BIGINT",
            "close_reason \(text)",
            // The arrival of the last event, duplicates included (to the minute).
            "last_seen_at BIGINT NOT NULL DEFAULT 0",
            // The shield that hides it now.
            "shield BIGINT",
            // Waits for the threshold of an aggregation rule; nobody is told.
            "is_held INTEGER NOT NULL DEFAULT 0",
            // The aggregate that it belongs to; and for an aggregate its rule and what its members share.
            "aggregate BIGINT",
            "rule BIGINT",
            "group_key \(text)",
            "member_count BIGINT NOT NULL DEFAULT 0",
            "incident BIGINT",
            "is_flapping INTEGER NOT NULL DEFAULT 0",
            "reminders_sent BIGINT NOT NULL DEFAULT 0",
            // Times at which the ticker has to look at it; null: never.
            "reminder_due_at BIGINT",
            "escalation_due_at BIGINT",
            "escalations_sent BIGINT NOT NULL DEFAULT 0",
            "close_due_at BIGINT",
        ]
        return columns.map { "ALTER TABLE alert ADD COLUMN \($0)" } + [
            "CREATE INDEX ix_alert_aggregate ON alert (aggregate) WHERE aggregate IS NOT NULL",
            "CREATE INDEX ix_alert_group ON alert (rule, group_key, started_at) WHERE rule IS NOT NULL",
            "CREATE INDEX ix_alert_incident ON alert (incident) WHERE incident IS NOT NULL",
            "CREATE INDEX ix_alert_shield ON alert (shield) WHERE shield IS NOT NULL",
            "CREATE INDEX ix_alert_reminder ON alert (reminder_due_at) WHERE reminder_due_at IS NOT NULL",
            "CREATE INDEX ix_alert_escalation ON alert (escalation_due_at) WHERE escalation_due_at IS NOT NULL",
            "CREATE INDEX ix_alert_close ON alert (close_due_at) WHERE close_due_at IS NOT NULL",
            "UPDATE alert SET last_seen_at = updated_at",
            "ALTER TABLE alert_source ADD COLUMN auto_close_minutes BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE alert_source ADD COLUMN flap_count BIGINT NOT NULL DEFAULT 4",
            "ALTER TABLE alert_source ADD COLUMN flap_window_minutes BIGINT NOT NULL DEFAULT 30",
            // How a body of no known form is read: member names to JSON paths.
            "ALTER TABLE alert_source ADD COLUMN mapping \(text) NOT NULL DEFAULT '{}'",
        ]
    }

    /// Levels, shields, assignments, aggregation and correlation rules.
    static func rules(_ dialect: SQLDialect) -> [String] {
        let text = AlertsSchema.textType(dialect)
        let owned = """
            team BIGINT NOT NULL,
            created_by \(text) NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL
            """
        return [
            """
            CREATE TABLE alert_level (
                id \(dialect.identityColumn),
                name \(text) NOT NULL,
                level_type \(text) NOT NULL,
                level \(text) NOT NULL,
                display_name \(text) NOT NULL,
                color \(text) NOT NULL,
                icon \(text) NOT NULL,
                aliases \(text) NOT NULL,
                description \(text) NOT NULL,
                is_built_in INTEGER NOT NULL,
                created_by \(text) NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL
            )
            """,
            "CREATE UNIQUE INDEX uq_alert_level ON alert_level (level_type, name)",
            """
            CREATE TABLE alert_shield (
                id \(dialect.identityColumn),
                name \(text) NOT NULL,
                match_type \(text) NOT NULL,
                match_rules \(text) NOT NULL,
                suppression_time \(text) NOT NULL,
                is_active INTEGER NOT NULL,
                description \(text) NOT NULL,
                \(owned)
            )
            """,
            "CREATE UNIQUE INDEX uq_alert_shield ON alert_shield (team, name)",
            """
            CREATE TABLE alert_assignment (
                id \(dialect.identityColumn),
                name \(text) NOT NULL,
                match_type \(text) NOT NULL,
                match_rules \(text) NOT NULL,
                personnel \(text) NOT NULL,
                notify_channels \(text) NOT NULL,
                notification_scenario \(text) NOT NULL,
                notification_frequency \(text) NOT NULL,
                escalation \(text) NOT NULL,
                config \(text) NOT NULL,
                priority BIGINT NOT NULL,
                is_active INTEGER NOT NULL,
                description \(text) NOT NULL,
                \(owned)
            )
            """,
            "CREATE UNIQUE INDEX uq_alert_assignment ON alert_assignment (team, name)",
            """
            CREATE TABLE alert_aggregation_rule (
                id \(dialect.identityColumn),
                name \(text) NOT NULL,
                match_type \(text) NOT NULL,
                match_rules \(text) NOT NULL,
                levels \(text) NOT NULL,
                group_by \(text) NOT NULL,
                window_type \(text) NOT NULL,
                window_size \(text) NOT NULL,
                alignment \(text) NOT NULL,
                session_timeout \(text) NOT NULL,
                max_window_size \(text) NOT NULL,
                threshold BIGINT NOT NULL,
                close_time \(text) NOT NULL,
                title \(text) NOT NULL,
                priority BIGINT NOT NULL,
                is_active INTEGER NOT NULL,
                description \(text) NOT NULL,
                \(owned)
            )
            """,
            "CREATE UNIQUE INDEX uq_alert_aggregation_rule ON alert_aggregation_rule (team, name)",
            """
            CREATE TABLE alert_correlation_rule (
                id \(dialect.identityColumn),
                name \(text) NOT NULL,
                match_type \(text) NOT NULL,
                match_rules \(text) NOT NULL,
                group_by \(text) NOT NULL,
                within \(text) NOT NULL,
                min_alerts BIGINT NOT NULL,
                root \(text) NOT NULL,
                title \(text) NOT NULL,
                priority BIGINT NOT NULL,
                is_active INTEGER NOT NULL,
                description \(text) NOT NULL,
                \(owned)
            )
            """,
            "CREATE UNIQUE INDEX uq_alert_correlation_rule ON alert_correlation_rule (team, name)",
        ]
    }

    /// Incidents. Their members are the alerts with their number in `alert.incident`.
    static func incidents(_ dialect: SQLDialect) -> [String] {
        let text = AlertsSchema.textType(dialect)
        return [
            """
            CREATE TABLE alert_incident (
                id \(dialect.identityColumn),
                title \(text) NOT NULL,
                description \(text) NOT NULL,
                level \(text) NOT NULL,
                status \(text) NOT NULL,
                operators \(text) NOT NULL,
                root_alert BIGINT,
                rule BIGINT,
                group_key \(text),
                started_at BIGINT NOT NULL,
                ended_at BIGINT,
                last_alert_at BIGINT NOT NULL,
                acknowledged_by \(text),
                acknowledged_at BIGINT,
                closed_by \(text),
                closed_at BIGINT,
                close_reason \(text),
                team BIGINT NOT NULL,
                created_by \(text) NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL
            )
            """,
            // One open incident for what a rule groups.
            "CREATE UNIQUE INDEX uq_alert_incident_open ON alert_incident (rule, group_key) "
                + "WHERE rule IS NOT NULL AND status IN ('pending', 'processing')",
            "CREATE INDEX ix_alert_incident_team ON alert_incident (team, started_at)",
            "CREATE INDEX ix_alert_incident_rule ON alert_incident (rule, group_key, last_alert_at)",
        ]
    }
}
