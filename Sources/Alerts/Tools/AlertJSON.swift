// Alerts and events as a model sees them: short, harmless, times in ISO 8601 UTC.

import JSON
import Resources

/// Bounds of what one alert brings into a model's context, in bytes.
private enum ShownLimits {
    static let title = 300
    static let description = 2_000
    static let label = 200
    static let labels = 30
    static let link = 500
    static let name = 255
}

enum AlertJSON {
    /// A row of a list.
    static func row(_ alert: Alert, source: String, now: Int64, publicURL: String) -> JSONObject {
        var row: JSONObject = [
            "id": .integer(alert.id),
            "title": .string(alert.title.harmless(limit: ShownLimits.title)),
            "level": .string(alert.level.name),
            "status": .string(alert.status.rawValue),
            "started_at": time(alert.span.start),
            "ended_at": alert.span.end.map(time) ?? .null,
            "duration": .string(DurationText.of(milliseconds: (alert.span.end ?? now) - alert.span.start)),
            "host": .string(alert.host.harmless(limit: ShownLimits.name)),
            "labels": labels(alert.labels),
            "source": .string(source),
            "link": .string(link(alert, publicURL: publicURL)),
        ]
        if let given = alert.levelGiven { row["level_given"] = .string(given.harmless(limit: 100)) }
        let handling = alert.handling
        row["handling"] = .string(alert.handlingState.rawValue)
        if !handling.operators.isEmpty { row["operators"] = operators(alert) }
        if handling.kind == .aggregate { row["member_count"] = .integer(handling.memberCount) }
        if let aggregate = handling.aggregate { row["aggregate"] = .integer(aggregate) }
        if let incident = handling.incident { row["incident"] = .integer(incident) }
        if let shield = handling.shield { row["shield"] = .integer(shield) }
        if handling.isFlapping { row["is_flapping"] = true }
        return row
    }

    /// A row without labels, for lists inside of other results.
    static func brief(_ alert: Alert, source: String, now: Int64, publicURL: String) -> JSONObject {
        var brief = row(alert, source: source, now: now, publicURL: publicURL)
        brief.removeValue(forKey: "labels")
        return brief
    }

    /// A member of an aggregate.
    static func member(_ alert: Alert, now: Int64) -> JSONObject {
        [
            "id": .integer(alert.id), "title": .string(alert.title.harmless(limit: 200)),
            "level": .string(alert.level.name), "status": .string(alert.status.rawValue),
            "started_at": time(alert.span.start), "host": .string(alert.host.harmless(limit: ShownLimits.name)),
        ]
    }

    private static func operators(_ alert: Alert) -> JSONValue {
        .array(alert.handling.operators.prefix(10).map { .string($0.harmless(limit: 100)) })
    }

    /// Everything about one alert but its events.
    static func whole(_ alert: Alert, source: String, now: Int64, publicURL: String) -> JSONObject {
        var whole = row(alert, source: source, now: now, publicURL: publicURL)
        whole["description"] = .string(alert.details.harmless(limit: ShownLimits.description))
        whole["annotations"] = labels(alert.annotations, valueLimit: 500)
        whole["fingerprint"] = .string(alert.fingerprint.harmless(limit: ShownLimits.name))
        whole["last_event_at"] = time(alert.lastEventAt)
        whole["event_count"] = .integer(alert.eventCount)
        let handling = alert.handling
        if let by = handling.acknowledgedBy { whole["acknowledged_by"] = .string(by.harmless(limit: 100)) }
        if let at = handling.acknowledgedAt { whole["acknowledged_at"] = time(at) }
        if let by = handling.closedBy { whole["closed_by"] = .string(by.harmless(limit: 100)) }
        if let reason = handling.closeReason { whole["close_reason"] = .string(reason.harmless(limit: 500)) }
        if let assignment = handling.assignment { whole["assignment"] = .integer(assignment) }
        if !alert.link.isEmpty { whole["source_link"] = .string(alert.link.harmless(limit: ShownLimits.link)) }
        if !alert.externalID.isEmpty {
            whole["external_id"] = .string(alert.externalID.harmless(limit: ShownLimits.name))
        }
        if !alert.eventID.isEmpty { whole["event_id"] = .string(alert.eventID.harmless(limit: ShownLimits.name)) }
        return whole
    }

    static func event(_ stored: StoredEvent) -> JSONValue {
        let event = stored.event
        return [
            "status": .string(event.status.rawValue),
            "at": time(event.occurredAt),
            "received_at": time(stored.receivedAt),
            "level": .string(event.level.name),
            "title": .string(event.title.harmless(limit: ShownLimits.title)),
            "description": .string(event.details.harmless(limit: 500)),
        ]
    }

    static func time(_ milliseconds: Int64) -> JSONValue { Timestamp(milliseconds: milliseconds).json }

    static func link(_ alert: Alert, publicURL: String) -> String {
        "\(publicURL)\(AlertResource.resource.path)/\(alert.id)/"
    }

    private static func labels(_ labels: [Label], valueLimit: Int = ShownLimits.label) -> JSONValue {
        var object: JSONObject = [:]
        for label in labels.prefix(ShownLimits.labels) {
            object[label.name.harmless(limit: 100)] = .string(label.value.harmless(limit: valueLimit))
        }
        if labels.count > ShownLimits.labels { object["…"] = .string("\(labels.count - ShownLimits.labels) more") }
        return .object(object)
    }
}

/// Spans of time for people.
package enum DurationText {
    /// The two largest units: `45s`, `3m 20s`, `5h 12m`, `2d 3h`; never negative.
    package static func of(milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds / 1000)
        let units: [(Int64, String)] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")]
        guard let first = units.firstIndex(where: { seconds >= $0.0 }) else { return "0s" }
        let (size, name) = units[first]
        let whole = "\(seconds / size)\(name)"
        guard first + 1 < units.count else { return whole }
        let (nextSize, nextName) = units[first + 1]
        let rest = seconds % size / nextSize
        return rest == 0 ? whole : "\(whole) \(rest)\(nextName)"
    }
}
