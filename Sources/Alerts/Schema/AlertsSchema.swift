// The tables of this room, as migrations 20 to 39.

package import Storage

/// Migrations of alerts. Written out by hand, not derived from declarations: a released migration never changes.
package enum AlertsSchema {
    package static let migrations: [Migration] = [
        Migration(number: 20, name: "alert sources", statements: sources),
        Migration(number: 21, name: "alerts", statements: alerts),
        Migration(number: 22, name: "alert events", statements: events),
        Migration(number: 23, name: "alert handling", statements: AlertHandlingSchema.handling),
        Migration(number: 24, name: "alert rules", statements: AlertHandlingSchema.rules),
        Migration(number: 25, name: "incidents", statements: AlertHandlingSchema.incidents),
        Migration(number: 26, name: "alert rule version and levels", statements: AlertRulesSchema.versionAndLevels),
        Migration(number: 27, name: "what alerts are correlated by", statements: AlertPipelineSchema.correlation),
        Migration(number: 28, name: "alert lists and log", statements: AlertListSchema.statements),
        Migration(number: 29, name: "held and unassigned alerts", statements: AlertPipelineSchema.waiting),
        Migration(number: 30, name: "large groups of alerts", statements: AlertPipelineSchema.largeGroups),
        Migration(number: 31, name: "unassigned alerts, counted", statements: AlertListSchema.unassigned),
    ]

    private static func sources(_ dialect: SQLDialect) -> [String] {
        let text = textType(dialect)
        return [
            """
            CREATE TABLE alert_source (
                id \(dialect.identityColumn),
                name \(text) NOT NULL,
                source_id \(text) NOT NULL,
                source_type \(text) NOT NULL,
                secret \(text) NOT NULL,
                previous_secret \(text),
                previous_secret_until BIGINT,
                time_zone \(text) NOT NULL,
                level_map \(text) NOT NULL,
                success_status BIGINT NOT NULL,
                is_active INTEGER NOT NULL,
                description \(text) NOT NULL,
                team BIGINT NOT NULL,
                created_by \(text) NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL
            )
            """,
            "CREATE UNIQUE INDEX uq_alert_source_source_id ON alert_source (source_id)",
            // Senders that cannot name their source are found by the secret.
            "CREATE INDEX ix_alert_source_secret ON alert_source (secret)",
            "CREATE INDEX ix_alert_source_previous_secret ON alert_source (previous_secret)",
            "CREATE INDEX ix_alert_source_team ON alert_source (team)",
        ]
    }

    private static func alerts(_ dialect: SQLDialect) -> [String] {
        let text = textType(dialect)
        return [
            """
            CREATE TABLE alert (
                id \(dialect.identityColumn),
                team BIGINT NOT NULL,
                source BIGINT NOT NULL REFERENCES alert_source (id),
                fingerprint \(text) NOT NULL,
                status \(text) NOT NULL,
                level \(text) NOT NULL,
                level_given \(text),
                title \(text) NOT NULL,
                description \(text) NOT NULL,
                labels \(text) NOT NULL,
                annotations \(text) NOT NULL,
                host \(text) NOT NULL,
                link \(text) NOT NULL,
                external_id \(text) NOT NULL,
                event_id \(text) NOT NULL,
                started_at BIGINT NOT NULL,
                ended_at BIGINT,
                last_event_at BIGINT NOT NULL,
                event_count BIGINT NOT NULL,
                last_firing_at BIGINT NOT NULL DEFAULT 0,
                first_resolved_at BIGINT,
                content_at BIGINT NOT NULL DEFAULT 0,
                content_fires INTEGER NOT NULL DEFAULT 0,
                is_latest INTEGER NOT NULL DEFAULT 0,
                has_earlier INTEGER NOT NULL DEFAULT 0,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL
            )
            """,
            // One alert for an episode, and one newest episode for a fingerprint, whoever writes at the same time.
            "CREATE UNIQUE INDEX uq_alert_episode ON alert (fingerprint, source, started_at)",
            "CREATE UNIQUE INDEX uq_alert_latest ON alert (fingerprint, source) WHERE is_latest = 1",
            "CREATE INDEX ix_alert_source ON alert (source)",
            "CREATE INDEX ix_alert_team ON alert (team, last_event_at)",
            "CREATE INDEX ix_alert_last_event_at ON alert (last_event_at)",
            "CREATE INDEX ix_alert_status ON alert (status, level, started_at)",
            "CREATE INDEX ix_alert_host ON alert (host)",
            // One tree, in the order in which it is searched, and no foreign key: there are many labels, and each of
            // these would cost as much again. Whoever deletes an alert deletes its labels (`LabelRows.delete`).
            """
            CREATE TABLE alert_label (
                name \(text) NOT NULL,
                value \(text) NOT NULL,
                alert_id BIGINT NOT NULL,
                PRIMARY KEY (name, value, alert_id)
            )\(dialect == .sqlite ? " WITHOUT ROWID" : "")
            """,
        ]
    }

    private static func events(_ dialect: SQLDialect) -> [String] {
        let text = textType(dialect)
        return [
            """
            CREATE TABLE alert_event (
                id \(dialect.identityColumn),
                team BIGINT NOT NULL,
                source BIGINT NOT NULL,
                alert_id BIGINT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
                fingerprint \(text) NOT NULL,
                digest BIGINT NOT NULL,
                status \(text) NOT NULL,
                occurred_at BIGINT NOT NULL,
                started_at BIGINT NOT NULL,
                ended_at BIGINT,
                level \(text) NOT NULL,
                level_given \(text),
                title \(text) NOT NULL,
                description \(text) NOT NULL,
                labels \(text) NOT NULL,
                annotations \(text) NOT NULL,
                host \(text) NOT NULL,
                link \(text) NOT NULL,
                external_id \(text) NOT NULL,
                event_id \(text) NOT NULL,
                raw \(text) NOT NULL,
                received_at BIGINT NOT NULL
            )
            """,
            // What was said once is stored once.
            "CREATE UNIQUE INDEX uq_alert_event ON alert_event (digest, source, fingerprint)",
            "CREATE INDEX ix_alert_event_alert ON alert_event (alert_id, occurred_at)",
            """
            CREATE TABLE alert_gap (
                id \(dialect.identityColumn),
                team BIGINT NOT NULL,
                source BIGINT NOT NULL REFERENCES alert_source (id) ON DELETE CASCADE,
                digest BIGINT NOT NULL DEFAULT 0,
                missing BIGINT NOT NULL,
                alert_group \(text) NOT NULL,
                receiver \(text) NOT NULL,
                received_at BIGINT NOT NULL
            )
            """,
            "CREATE UNIQUE INDEX uq_alert_gap ON alert_gap (source, digest)",
            "CREATE INDEX ix_alert_gap_received_at ON alert_gap (received_at)",
        ]
    }

    /// Texts compare byte by byte on both engines, so that orders are the same.
    static func textType(_ dialect: SQLDialect) -> String {
        dialect == .postgresql ? "TEXT COLLATE \"C\"" : "TEXT"
    }
}
