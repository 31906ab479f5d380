// What the rules need besides their tables: the version of all rules, and the four levels. Part of `AlertsSchema`.

import Storage

enum AlertRulesSchema {
    static func versionAndLevels(_ dialect: SQLDialect) -> [String] {
        let text = AlertsSchema.textType(dialect)
        return [
            // One row. What remembers rules compares it in every transaction.
            "CREATE TABLE alert_rule_version (id BIGINT PRIMARY KEY, version BIGINT NOT NULL)",
            "INSERT INTO alert_rule_version (id, version) VALUES (1, 0)",
            // The channels that the steps of `escalation` name, so that a channel knows who refers to it.
            "ALTER TABLE alert_assignment ADD COLUMN escalation_channels \(text) NOT NULL DEFAULT '[]'",
        ] + types.flatMap { type in levels.map { level in insertion(type, level, dialect) } }
    }

    private static let types = ["event", "alert", "incident"]

    private struct BuiltInLevel {
        var name: String
        var displayName: String
        var color: String
        var icon: String
    }

    /// Names in Chinese and English, since people of both read them.
    private static let levels = [
        BuiltInLevel(name: "critical", displayName: "致命 Critical", color: "#F43B2C", icon: "fatal"),
        BuiltInLevel(name: "error", displayName: "错误 Error", color: "#D97007", icon: "error"),
        BuiltInLevel(name: "warning", displayName: "预警 Warning", color: "#FFAD42", icon: "warning"),
        BuiltInLevel(name: "info", displayName: "提醒 Info", color: "#4B9BFF", icon: "info"),
    ]

    private static func insertion(_ type: String, _ level: BuiltInLevel, _ dialect: SQLDialect) -> String {
        """
        INSERT INTO alert_level (name, level_type, level, display_name, color, icon, aliases, description, is_built_in,
            created_by, created_at, updated_at)
        VALUES (\(SQLDialect.literal(level.name)), \(SQLDialect.literal(type)), \(SQLDialect.literal(level.name)),
            \(SQLDialect.literal(level.displayName)), \(SQLDialect.literal(level.color)),
            \(SQLDialect.literal(level.icon)), '[]', '', 1, 'system', \(dialect.nowMilliseconds),
            \(dialect.nowMilliseconds))
        """
    }
}
