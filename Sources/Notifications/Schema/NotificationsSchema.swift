// The tables of this room, as migrations 60 to 79.

package import Storage

/// Channels, the outbox, and what keeps its pace.
package enum NotificationsSchema {
    package static let migrations: [Migration] = [
        Migration(number: 60, name: "notification channels", statements: channels),
        Migration(number: 61, name: "notifications", statements: notifications),
        Migration(number: 62, name: "message ids of notifications", statements: messageIDs),
        Migration(number: 63, name: "index of notifications for people", statements: unsettled),
    ]

    private static func channels(_ dialect: SQLDialect) -> [String] {
        let text = textType(dialect)
        return [
            """
            CREATE TABLE notification_channel (
                id \(dialect.identityColumn),
                name \(text) NOT NULL,
                channel_type \(text) NOT NULL,
                config \(text) NOT NULL,
                templates \(text) NOT NULL,
                rate_per_minute BIGINT,
                digest_threshold BIGINT NOT NULL,
                is_active INTEGER NOT NULL,
                description \(text) NOT NULL,
                team BIGINT NOT NULL,
                created_by \(text) NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL
            )
            """,
            "CREATE UNIQUE INDEX uq_notification_channel_name ON notification_channel (team, name)",
            // The token bucket of a channel, shared by all nodes.
            """
            CREATE TABLE notification_pace (
                channel BIGINT PRIMARY KEY,
                tokens DOUBLE PRECISION NOT NULL,
                refilled_at BIGINT NOT NULL,
                blocked_until BIGINT NOT NULL DEFAULT 0
            )
            """,
        ]
    }

    private static func notifications(_ dialect: SQLDialect) -> [String] {
        let text = textType(dialect)
        return [
            // No foreign keys: what was told stays known when a channel or an alert has gone.
            """
            CREATE TABLE notification (
                id \(dialect.identityColumn),
                team BIGINT NOT NULL,
                channel BIGINT NOT NULL,
                receiver \(text) NOT NULL,
                topic_type \(text) NOT NULL,
                topic_id BIGINT NOT NULL,
                transition \(text) NOT NULL,
                sequence BIGINT NOT NULL,
                level \(text) NOT NULL,
                payload \(text) NOT NULL,
                idempotency_key \(text) NOT NULL,
                state \(text) NOT NULL,
                attempts BIGINT NOT NULL,
                due_at BIGINT NOT NULL,
                generation BIGINT NOT NULL,
                claimed_until BIGINT,
                told \(text),
                title \(text),
                outcome \(text),
                batch BIGINT,
                sent_at BIGINT,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL
            )
            """,
            "CREATE UNIQUE INDEX uq_notification_key ON notification (idempotency_key)",
            "CREATE INDEX ix_notification_waiting ON notification (channel, due_at) "
                + "WHERE state IN ('pending', 'sending')",
            "CREATE INDEX ix_notification_topic ON notification (topic_type, topic_id)",
            "CREATE INDEX ix_notification_team ON notification (team, created_at)",
        ]
    }

    private static func messageIDs(_ dialect: SQLDialect) -> [String] {
        [
            // Under which id it was sent, or may have been: what is sent again must have the same one.
            "ALTER TABLE notification ADD COLUMN message_id \(textType(dialect))",
            "CREATE INDEX ix_notification_over ON notification (updated_at) "
                + "WHERE state IN ('sent', 'dropped', 'dead', 'unknown')",
        ]
    }

    private static func unsettled(_ dialect: SQLDialect) -> [String] {
        // So that those few are counted without a look at all that were sent.
        ["CREATE INDEX ix_notification_unsettled ON notification (state) WHERE state IN ('dead', 'unknown')"]
    }

    /// Texts compare byte by byte on both engines, so that orders are the same.
    private static func textType(_ dialect: SQLDialect) -> String {
        dialect == .postgresql ? "TEXT COLLATE \"C\"" : "TEXT"
    }
}
