// Incidents that people make, and the alerts in them.

package import Identity
package import JSON
import Resources
import Storage

extension AlertsService {
    private static let maximumMembers = 200

    /// `POST incident/`: an incident of alerts of one team that belong to no open incident.
    ///
    /// - Parameter body: `title`, `alerts` (numbers, 1 to 200); `description`, `level` (the worst when not given),
    ///   `root_alert` (the worst, then the oldest, when not given).
    /// - Returns: the incident as the envelope's data.
    /// - Throws: `ResourceError`, `DatabaseError`.
    package func createIncident(_ body: JSONObject, caller: Caller, requestID: String = "") async throws -> JSONValue {
        try Self.authorizeIncident(caller)
        var body = body
        let ids = try Self.numbers(body.removeValue(forKey: "alerts"), "alerts")
        guard !ids.isEmpty else { throw ResourceError.invalid("alerts", "must name at least one alert") }
        let incidents = incidents
        let now = clock.now()
        return try await database.write { [body] connection in
            let members = try Self.candidates(ids, joining: nil, caller, connection)
            guard let team = members.first?.team, members.allSatisfy({ $0.team == team }) else {
                throw ResourceError.invalid("alerts", "must be alerts of one team")
            }
            var row = body
            if row["level"] == nil { row["level"] = .string((members.map(\.level).max() ?? .warning).name) }
            let root = try Self.root(body["root_alert"], members)
            row["root_alert"] = root.map { .integer($0) } ?? .null
            let made = try incidents.create(row, caller: caller, team: team, requestID: requestID, on: connection)
            let id = Int64(made["id"]?.int ?? 0)
            try IncidentRows.setMembers(ids, of: id, now: now, connection)
            try Self.settleTimes(id, members, connection)
            return .object(try incidents.row(id, caller, on: connection))
        }
    }

    /// `PATCH incident/{id}/` (and PUT, which needs a title): its texts, its level, its root, and its alerts.
    ///
    /// - Parameter body: fields of the resource; `alerts` (these and no others), or `add_alerts` and `remove_alerts`.
    /// - Returns: the incident as the envelope's data.
    /// - Throws: `ResourceError`, `DatabaseError`.
    package func changeIncident(
        id: Int64,
        _ body: JSONObject,
        caller: Caller,
        isWhole: Bool = false,
        requestID: String = ""
    ) async throws -> JSONValue {
        try Self.authorizeIncident(caller)
        if isWhole, body["title"] == nil { throw ResourceError.invalid("title", "is required") }
        var body = body
        let only = try body.removeValue(forKey: "alerts").map { try Self.numbers($0, "alerts") }
        let adding = try Self.numbers(body.removeValue(forKey: "add_alerts"), "add_alerts")
        let removing = try Self.numbers(body.removeValue(forKey: "remove_alerts"), "remove_alerts")
        if only != nil, !(adding.isEmpty && removing.isEmpty) {
            throw ResourceError.invalid("alerts", "cannot stand beside add_alerts and remove_alerts")
        }
        let incidents = incidents
        let now = clock.now()
        return try await database.write { [body] connection in
            let before = try incidents.find(id, caller, on: connection, forUpdate: true)
            let old = try IncidentRows.members(of: id, connection)
            let known = Set(old)
            let wanted = only ?? old.filter { !removing.contains($0) } + adding.filter { !known.contains($0) }
            guard wanted.count <= max(Self.maximumMembers, old.count) else {
                throw ResourceError.invalid("alerts", "must not be more than \(Self.maximumMembers)")
            }
            let coming = wanted.filter { !known.contains($0) }
            let staying = Set(wanted)
            let leaving = old.filter { !staying.contains($0) }
            let newcomers = try Self.candidates(coming, joining: id, caller, connection)
            guard newcomers.allSatisfy({ $0.team == before.integer("team") }) else {
                throw ResourceError.invalid("alerts", "must be alerts of the incident's team")
            }
            try IncidentRows.setMembers(leaving, of: nil, now: now, connection)
            try IncidentRows.setMembers(coming, of: id, now: now, connection)
            var row = body
            let members = try AlertRows.with(ids: wanted, locking: true, connection)
            if let root = row["root_alert"], root != .null {
                _ = try Self.root(root, members)
            } else if let root = before.integer("root_alert"), leaving.contains(root) {
                row["root_alert"] = try Self.root(nil, members).map { .integer($0) } ?? .null
            }
            _ = try incidents.patch(id: id, row, caller: caller, requestID: requestID, on: connection)
            if !coming.isEmpty || !leaving.isEmpty {
                try Self.settleTimes(id, members, connection)
                try Self.noteMembers(id, before, coming, leaving, caller, requestID, now: now, connection)
            }
            return .object(try incidents.row(id, caller, on: connection))
        }
    }

    private static func authorizeIncident(_ caller: Caller) throws(ResourceError) {
        guard caller.may(.alertsManage) else { throw .forbidden(.alertsManage) }
    }

    /// Alerts that may join the incident, locked.
    private static func candidates(
        _ ids: [Int64],
        joining incident: Int64?,
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws -> [Alert] {
        let found = try AlertRows.locked(ids, caller, connection)
        let missing = ids.filter { found[$0] == nil }.map(String.init)
        guard missing.isEmpty else {
            throw ResourceError.invalid("alerts", "names alerts that are not there: \(missing.joined(separator: ", "))")
        }
        let alerts = ids.compactMap { found[$0] }
        let others = Set(alerts.compactMap(\.handling.incident)).subtracting([incident].compactMap { $0 })
        let open = try connection.query(
            fragment: """
                SELECT id FROM alert_incident WHERE id IN (\(list: others.sorted().map { .integer($0) }))
                AND status IN ('pending', 'processing')
                """
        ).map { try $0.int("id") }
        let taken = alerts.filter { $0.handling.incident.map(open.contains) ?? false }
        guard taken.isEmpty else {
            throw ResourceError.conflict(
                message: "an alert belongs to one open incident only",
                errors: taken.prefix(10).map { alert in
                    FieldError("alerts", "\(alert.id) belongs to incident \(alert.handling.incident ?? 0)")
                }
            )
        }
        return alerts
    }

    /// The alert named, which must be a member; or the worst, of several the oldest.
    private static func root(_ given: JSONValue?, _ members: [Alert]) throws(ResourceError) -> Int64? {
        if let given, given != .null {
            guard let id = given.int.map({ Int64($0) }), members.contains(where: { $0.id == id }) else {
                throw .invalid("root_alert", "must be one of the incident's alerts")
            }
            return id
        }
        return members.min { ($0.level.rawValue, $0.span.start, $0.id) < ($1.level.rawValue, $1.span.start, $1.id) }?.id
    }

    /// From the first start of its alerts to the last word of them.
    private static func settleTimes(_ id: Int64, _ members: [Alert], _ connection: any SQLConnection) throws {
        guard let start = members.map(\.span.start).min(), let last = members.map(\.lastEventAt).max() else { return }
        try connection.execute(
            "UPDATE alert_incident SET started_at = $2, last_alert_at = $3 WHERE id = $1",
            [.integer(id), .integer(start), .integer(last)]
        )
    }

    private static func noteMembers(
        _ id: Int64,
        _ before: ResourceRecord,
        _ coming: [Int64],
        _ leaving: [Int64],
        _ caller: Caller,
        _ requestID: String,
        now: Int64,
        _ connection: any SQLConnection
    ) throws {
        try AuditLog().record(
            AuditEntry(
                by: caller,
                action: "incident.alerts",
                objectType: "incident",
                objectID: String(id),
                before: ["removed": .array(leaving.map { .integer($0) })],
                after: [
                    "added": .array(coming.map { .integer($0) }), "title": .string(before.text("title") ?? ""),
                ],
                at: now,
                requestID: requestID,
                team: before.integer("team")
            ),
            on: connection
        )
    }

    private static func numbers(_ value: JSONValue?, _ field: String) throws(ResourceError) -> [Int64] {
        guard let value, value != .null else { return [] }
        guard let elements = value.array, elements.count <= maximumMembers else {
            throw .invalid(field, "must be an array of at most \(maximumMembers) numbers")
        }
        var ids: [Int64] = []
        for element in elements {
            guard let id = element.int.map({ Int64($0) }), id > 0 else {
                throw .invalid(field, "must be an array of numbers of alerts")
            }
            if !ids.contains(id) { ids.append(id) }
        }
        return ids
    }
}
