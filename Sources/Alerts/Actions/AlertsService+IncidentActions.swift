// Acknowledge, close, resolve, reopen and assign incidents.

package import Identity
package import JSON
import Notifications
import Resources
import Storage

extension AlertsService {
    /// `POST incident/operator/{action}/` (bk-lite.md section 2.6), all incidents in one transaction.
    ///
    /// Closing or resolving an incident leaves its alerts as they are, unless `with_alerts` is true: then its open
    /// alerts are closed or resolved too, each by the rules of alerts; the item's `data.alerts` says what became of
    /// each.
    ///
    /// - Parameter body: `incident_id` (array of numbers, at most 100), `with_alerts`, and the members of
    ///   `act(_:body:caller:requestID:)`.
    /// - Throws: `ResourceError` (400 with the members named, 403), `DatabaseError`.
    package func actOnIncidents(
        _ action: IncidentAction,
        body: JSONObject,
        caller: Caller,
        requestID: String = ""
    ) async throws -> ActionReply {
        guard caller.may(.alertsManage) else { throw ResourceError.forbidden(.alertsManage) }
        let request = try ActionRequest(
            body,
            field: "incident_id",
            givesAway: action == .assign,
            takesAlerts: action.ends
        )
        let now = clock.now()
        let shelf = shelf
        let items = try await database.write { connection in
            let rules = try AlertEffects.begin(shelf, connection)
            let audience =
                action == .assign
                ? try ActionAudience(request, of: "alert_incident", rules: rules, caller, connection) : nil
            let act = IncidentAct(
                action: action,
                request: request,
                audience: audience,
                rules: rules,
                caller: caller,
                requestID: requestID,
                now: now,
                connection: connection
            )
            return try act.run()
        }
        onNotices()
        return ActionReply(items, noun: "incident", participle: action.participle)
    }
}

/// One action on incidents, on an open transaction. Has no effects but those on the connection.
struct IncidentAct {
    let action: IncidentAction
    let request: ActionRequest
    let audience: ActionAudience?
    let rules: RuleBook
    let caller: Caller
    let requestID: String
    /// Epoch milliseconds, UTC.
    let now: Int64
    let connection: any SQLConnection

    /// Open alerts of one incident that `with_alerts` takes.
    private static let maximumAlerts = 1_000

    func run() throws -> [ActionItem] {
        let found = try IncidentRows.locked(request.ids, caller, connection)
        return try request.ids.map { id in
            guard let incident = found[id] else {
                return ActionItem(id: id, outcome: .failure(ActionRefusal(.notFound, "There is no such incident.")))
            }
            do {
                return ActionItem(id: id, outcome: .success(try act(on: incident)))
            } catch let refusal as ActionRefusal {
                return ActionItem(id: id, outcome: .failure(refusal))
            }
        }
    }

    private func act(on before: Incident) throws -> JSONObject {
        let after = try self.after(before)
        if action == .reopen, let other = try rival(of: before) {
            throw ActionRefusal(.invalidState, "Its rule has opened incident \(other) for the same group meanwhile.")
        }
        // A refusal must come before the first change: what is written stays, for the sake of the other incidents.
        let open = request.withAlerts ? try openAlerts(of: before) : []
        try IncidentRows.updateHandling(after, connection)
        var summary = after.handlingSummary
        if request.withAlerts { summary["alerts"] = try endAlerts(open) }
        try notify(after)
        var told = summary
        told["title"] = .string(after.title.cut(to: 300))
        if !request.note.isEmpty { told["note"] = .string(request.note) }
        if !request.reason.isEmpty { told["reason"] = .string(request.reason) }
        try AuditLog().record(
            AuditEntry(
                by: caller,
                action: action.auditName,
                objectType: "incident",
                objectID: String(after.id),
                before: .object(before.handlingSummary),
                after: .object(told),
                at: now,
                requestID: requestID,
                team: after.team
            ),
            on: connection
        )
        return summary
    }

    private func after(_ before: Incident) throws(ActionRefusal) -> Incident {
        let person = ActingPerson(
            isOperator: before.operators.contains(caller.username),
            isAdministrator: caller.seesAllTeams
        )
        let status = try IncidentTransition.target(
            of: action,
            from: before.status,
            isAssigned: !before.operators.isEmpty,
            by: person
        )
        if let rule = audience?.rule, rule.team != before.team {
            throw ActionRefusal(.invalid, "The assignment rule belongs to another team.")
        }
        var incident = before
        incident.status = status
        incident.updatedAt = max(before.updatedAt + 1, now)
        switch action {
        case .assign:
            incident.operators = audience?.people ?? []
            incident.acknowledgedBy = nil
            incident.acknowledgedAt = nil
        case .acknowledge:
            if incident.operators.isEmpty { incident.operators = [caller.username] }
            incident.acknowledgedBy = caller.username
            incident.acknowledgedAt = now
        case .close, .resolve:
            incident.endedAt = now
            incident.closedBy = caller.username
            incident.closedAt = now
            incident.closeReason = request.reason.isEmpty ? nil : request.reason
        case .reopen:
            incident.endedAt = nil
            incident.closedBy = nil
            incident.closedAt = nil
            incident.closeReason = nil
            incident.acknowledgedBy = nil
            incident.acknowledgedAt = nil
        }
        return incident
    }

    /// An open incident of the same rule and group: there may be only one (`uq_alert_incident_open`).
    private func rival(of incident: Incident) throws -> Int64? {
        guard let rule = incident.rule, let group = incident.groupKey else { return nil }
        return try connection.query(
            """
            SELECT id FROM alert_incident
            WHERE rule = $1 AND group_key = $2 AND id <> $3 AND status IN ('pending', 'processing')
            """,
            [.integer(rule), .text(group), .integer(incident.id)]
        ).first?.int("id")
    }

    /// - Throws: `ActionRefusal` when there are more than one transaction should change.
    private func openAlerts(of incident: Incident) throws -> [Int64] {
        let open = try connection.query(
            """
            SELECT id FROM alert WHERE incident = $1 AND status IN ('firing', 'acknowledged')
            ORDER BY id LIMIT \(Self.maximumAlerts + 1)
            """,
            [.integer(incident.id)]
        ).map { try $0.int("id") }
        guard open.count <= Self.maximumAlerts else {
            throw ActionRefusal(
                .invalid,
                "It has more than \(Self.maximumAlerts) open alerts, too many for with_alerts: end some of them first, "
                    + "or \(action.rawValue) it without them."
            )
        }
        return open
    }

    private func endAlerts(_ open: [Int64]) throws -> JSONValue {
        let alertAction: AlertAction = action == .close ? .close : .resolve
        let act = AlertAct(
            action: alertAction,
            request: request,
            audience: nil,
            rules: rules,
            caller: caller,
            requestID: requestID,
            now: now,
            connection: connection
        )
        var results: JSONObject = [:]
        for item in try act.run(open) { results[String(item.id)] = item.json(done: alertAction.participle) }
        return .object(results)
    }

    private func notify(_ incident: Incident) throws {
        let planner = NoticePlanner(rules: rules, now: now)
        if let audience {
            let notices = planner.incident(
                incident.id,
                team: incident.team,
                level: incident.level.name,
                transition: .incidentOpened,
                people: audience.people,
                channels: audience.channels(ofTeam: incident.team),
                sequence: now
            )
            try Outbox.enqueue(notices, dueAt: now, now: now, on: connection)
        } else if action.ends, let stored = try RuleIncidentRows.with(ids: [incident.id], connection).first {
            // Only those who were told that it began.
            try planner.incidentOver(stored, connection)
        }
    }
}

extension Incident {
    /// What an act changes, for answers and the audit.
    var handlingSummary: JSONObject {
        var summary: JSONObject = [
            "status": .string(status.rawValue), "operators": .array(operators.map { .string($0) }),
        ]
        if let by = acknowledgedBy { summary["acknowledged_by"] = .string(by) }
        if let by = closedBy { summary["closed_by"] = .string(by) }
        if let reason = closeReason { summary["close_reason"] = .string(reason) }
        if let endedAt { summary["ended_at"] = Timestamp(milliseconds: endedAt).json }
        return summary
    }
}
