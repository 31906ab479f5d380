// The handling part of alerts in the store.

import JSON
import Storage

enum HandlingRows {
    private static let typed: [(name: String, type: String)] = [
        ("kind", "TEXT"), ("operators", "TEXT"), ("assignment", "BIGINT"), ("assigned_at", "BIGINT"),
        ("acknowledged_by", "TEXT"), ("acknowledged_at", "BIGINT"), ("closed_by", "TEXT"), ("closed_at", "BIGINT"),
        ("close_reason", "TEXT"), ("last_seen_at", "BIGINT"), ("shield", "BIGINT"), ("is_held", "INTEGER"),
        ("aggregate", "BIGINT"), ("rule", "BIGINT"), ("group_key", "TEXT"), ("member_count", "BIGINT"),
        ("incident", "BIGINT"), ("is_flapping", "INTEGER"), ("reminders_sent", "BIGINT"),
        ("reminder_due_at", "BIGINT"), ("escalation_due_at", "BIGINT"), ("escalations_sent", "BIGINT"),
        ("close_due_at", "BIGINT"), ("correlation", "BIGINT"), ("correlation_key", "TEXT"), ("calm_due_at", "BIGINT"),
    ]
    static let columns = typed.map(\.name)
    private static let changes = BatchUpdate("alert", typed)

    /// Writes the handling of alerts that are stored.
    static func update(_ alerts: [Alert], _ connection: any SQLConnection) throws {
        try changes.run(alerts.map { [.integer($0.id)] + values($0.handling) }, connection)
    }

    /// In the order of `columns`.
    static func values(_ handling: AlertHandling) -> [SQLValue] {
        [
            .text(handling.kind.rawValue),
            .text(JSONValue.array(handling.operators.map { .string($0) }).text),
            .optional(handling.assignment), .optional(handling.assignedAt), .optional(handling.acknowledgedBy),
            .optional(handling.acknowledgedAt), .optional(handling.closedBy), .optional(handling.closedAt),
            .optional(handling.closeReason), .integer(handling.lastSeenAt), .optional(handling.shield),
            .boolean(handling.isHeld), .optional(handling.aggregate), .optional(handling.rule),
            .optional(handling.groupKey), .integer(handling.memberCount), .optional(handling.incident),
            .boolean(handling.isFlapping), .integer(handling.remindersSent), .optional(handling.reminderDueAt),
            .optional(handling.escalationDueAt), .integer(handling.escalationsSent), .optional(handling.closeDueAt),
            .optional(handling.correlation), .optional(handling.correlationKey), .optional(handling.calmDueAt),
        ]
    }

    static func handling(_ row: SQLRow) throws -> AlertHandling {
        var handling = AlertHandling()
        handling.kind = AlertKind(rawValue: try row.text("kind")) ?? .single
        let operators = try? JSONValue(parsing: try row.text("operators"))
        handling.operators = (operators?.array ?? []).compactMap(\.string)
        handling.assignment = try row.optionalInt("assignment")
        handling.assignedAt = try row.optionalInt("assigned_at")
        handling.acknowledgedBy = try row.optionalText("acknowledged_by")
        handling.acknowledgedAt = try row.optionalInt("acknowledged_at")
        handling.closedBy = try row.optionalText("closed_by")
        handling.closedAt = try row.optionalInt("closed_at")
        handling.closeReason = try row.optionalText("close_reason")
        handling.lastSeenAt = try row.int("last_seen_at")
        handling.shield = try row.optionalInt("shield")
        handling.isHeld = try row.bool("is_held")
        handling.aggregate = try row.optionalInt("aggregate")
        handling.rule = try row.optionalInt("rule")
        handling.groupKey = try row.optionalText("group_key")
        handling.memberCount = try row.int("member_count")
        handling.incident = try row.optionalInt("incident")
        handling.isFlapping = try row.bool("is_flapping")
        handling.remindersSent = try row.int("reminders_sent")
        handling.reminderDueAt = try row.optionalInt("reminder_due_at")
        handling.escalationDueAt = try row.optionalInt("escalation_due_at")
        handling.escalationsSent = try row.int("escalations_sent")
        handling.closeDueAt = try row.optionalInt("close_due_at")
        handling.correlation = try row.optionalInt("correlation")
        handling.correlationKey = try row.optionalText("correlation_key")
        handling.calmDueAt = try row.optionalInt("calm_due_at")
        return handling
    }
}
