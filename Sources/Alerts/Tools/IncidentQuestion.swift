// What incident_list was asked for, and incidents as a model sees them.

import Identity
import JSON
import Resources
import Storage

/// The filter, the place in the list, and the words that repeat the question.
struct IncidentQuestion: Sendable {
    private var statuses: [String]
    private var levels: [String]
    private var since: Timestamp?
    private var place: (startedAt: Int64, id: Int64)?
    private let digest: String

    /// - Throws: `FilterFault` in words that a model can mend.
    init(_ arguments: JSONObject, now: Int64) throws(FilterFault) {
        statuses = (arguments["status"]?.array ?? []).compactMap(\.string)
        levels = (arguments["level"]?.array ?? []).compactMap(\.string)
        since = try AlertFilter.moment("since", arguments, now: now)
        var hash = FNV1a()
        for name in ["status", "level", "since"] {
            hash.addField(name)
            if let value = arguments[name], value != .null { hash.addField(value.text) }
        }
        digest = String(hash.hexadecimal.prefix(8))
        guard let text = arguments["cursor"]?.string, !text.isEmpty else { return }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == digest, let startedAt = Int64(parts[1]), let id = Int64(parts[2]) else {
            throw FilterFault(
                "`cursor` does not belong to these filters.",
                hint: "Repeat the filters of the call that gave the cursor, or leave the cursor out."
            )
        }
        place = (startedAt, id)
    }

    func conditions(_ caller: Caller) -> SQLFragment {
        var all: [SQLFragment] = []
        if let scope = caller.teamCondition(column: "i.team") { all.append(scope) }
        if !statuses.isEmpty { all.append("i.status IN (\(list: statuses.map { .text($0) }))") }
        if !levels.isEmpty { all.append("i.level IN (\(list: levels.map { .text($0) }))") }
        if let since { all.append("(i.ended_at IS NULL OR i.ended_at >= \(since))") }
        return SQLFragment.joined(all, " AND ", empty: "1 = 1")
    }

    /// What comes after the cursor.
    var after: SQLFragment {
        guard let place else { return "1 = 1" }
        return "(i.started_at < \(place.startedAt) OR (i.started_at = \(place.startedAt) AND i.id < \(place.id)))"
    }

    func cursor(after incident: Incident) -> String { "\(digest).\(incident.startedAt).\(incident.id)" }

    var words: String {
        var parts: [String] = []
        if !statuses.isEmpty { parts.append("status \(statuses.joined(separator: " or "))") }
        if !levels.isEmpty { parts.append("level \(levels.joined(separator: " or "))") }
        if let since { parts.append("since \(since.text)") }
        return parts.isEmpty ? "no filter" : parts.joined(separator: ", ")
    }

    /// All that the caller may know of.
    static func count(_ caller: Caller, _ connection: any SQLConnection) throws -> Int64 {
        let scope = caller.teamCondition(column: "i.team") ?? "1 = 1"
        return try connection.query(fragment: "SELECT COUNT(*) AS total FROM alert_incident i WHERE \(scope)").first?
            .int("total") ?? 0
    }
}

enum IncidentJSON {
    static func row(
        _ incident: Incident,
        _ counts: (alerts: Int64, open: Int64)?,
        now: Int64,
        publicURL: String
    ) -> JSONObject {
        let operators = incident.operators.prefix(10).map { JSONValue.string($0.harmless(limit: 100)) }
        var row: JSONObject = [
            "id": .integer(incident.id),
            "title": .string(incident.title.harmless(limit: 300)),
            "level": .string(incident.level.name),
            "status": .string(incident.status.rawValue),
            "operators": .array(operators),
            "started_at": AlertJSON.time(incident.startedAt),
            "ended_at": incident.endedAt.map(AlertJSON.time) ?? .null,
            "duration": .string(DurationText.of(milliseconds: (incident.endedAt ?? now) - incident.startedAt)),
            "alert_count": .integer(counts?.alerts ?? 0),
            "open_count": .integer(counts?.open ?? 0),
            "link": .string(link(incident.id, publicURL: publicURL)),
        ]
        if let root = incident.rootAlert { row["root_alert"] = .integer(root) }
        if let by = incident.acknowledgedBy { row["acknowledged_by"] = .string(by.harmless(limit: 100)) }
        if let by = incident.closedBy { row["closed_by"] = .string(by.harmless(limit: 100)) }
        return row
    }

    static func link(_ id: Int64, publicURL: String) -> String {
        "\(publicURL)\(IncidentResource.resource.path)/\(id)/"
    }
}
