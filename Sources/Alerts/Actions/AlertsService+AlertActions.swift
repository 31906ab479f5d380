// Assign, acknowledge, reassign, close and resolve alerts.

package import Identity
package import JSON
import Notifications
import Resources
import Storage

extension AlertsService {
    /// `POST alerts/operator/{action}/` (bk-lite.md section 2.6), all alerts in one transaction.
    ///
    /// What holds for the request as a whole is an error; what holds for one alert is that alert's result. Of two who
    /// act on one alert at the same time, the second is told the state that the first has made.
    ///
    /// - Parameter body: `alert_id` (array of numbers, at most 100), `assignee` (usernames or mail addresses),
    ///   `assignment_id` (an assignment rule: its people unless named, and its channels), `notify_channels` (without a
    ///   rule: channels over which the assignees are told; none: nobody is), `reason`, `note`.
    /// - Throws: `ResourceError` (400 with the members named, 403), `DatabaseError`.
    package func act(
        _ action: AlertAction,
        body: JSONObject,
        caller: Caller,
        requestID: String = ""
    ) async throws -> ActionReply {
        guard caller.may(.alertsManage) else { throw ResourceError.forbidden(.alertsManage) }
        let request = try ActionRequest(body, field: "alert_id", givesAway: action.givesAway)
        let now = clock.now()
        let shelf = shelf
        let items = try await database.write { connection in
            // Ends concern groups, which are changed by one at a time.
            let rules = action.ends ? try AlertEffects.begin(shelf, connection) : try shelf.book(connection)
            let audience =
                action.givesAway ? try ActionAudience(request, of: "alert", rules: rules, caller, connection) : nil
            let act = AlertAct(
                action: action,
                request: request,
                audience: audience,
                rules: rules,
                caller: caller,
                requestID: requestID,
                now: now,
                connection: connection
            )
            return try act.run(request.ids)
        }
        onNotices()
        return ActionReply(items, noun: "alert", participle: action.participle)
    }
}

/// One action on alerts, on an open transaction. Has no effects but those on the connection.
struct AlertAct {
    let action: AlertAction
    let request: ActionRequest
    /// For actions that give alerts away.
    let audience: ActionAudience?
    let rules: RuleBook
    let caller: Caller
    let requestID: String
    /// Epoch milliseconds, UTC.
    let now: Int64
    let connection: any SQLConnection

    func run(_ ids: [Int64]) throws -> [ActionItem] {
        let found = try AlertRows.locked(ids, caller, connection)
        var items: [ActionItem] = []
        var changed: [(before: Alert, after: Alert)] = []
        for id in ids {
            guard let before = found[id] else {
                items.append(ActionItem(id: id, outcome: .failure(ActionRefusal(.notFound, "There is no such alert."))))
                continue
            }
            do throws(ActionRefusal) {
                let after = try self.after(before)
                changed.append((before, after))
                items.append(ActionItem(id: id, outcome: .success(after.handlingSummary)))
            } catch {
                items.append(ActionItem(id: id, outcome: .failure(error)))
            }
        }
        try write(changed)
        return items
    }

    private func after(_ before: Alert) throws(ActionRefusal) -> Alert {
        let person = ActingPerson(
            isOperator: before.handling.operators.contains(caller.username),
            isAdministrator: caller.seesAllTeams
        )
        let state = try AlertTransition.target(of: action, from: before.handlingState, by: person)
        if let rule = audience?.rule, rule.team != before.team {
            throw ActionRefusal(.invalid, "The assignment rule belongs to another team.")
        }
        if audience != nil, request.assignment == nil, !request.channels.isEmpty,
            audience?.channels(ofTeam: before.team).isEmpty == true
        {
            throw ActionRefusal(.invalid, "The channels belong to another team.")
        }
        var alert = before
        // Later than before even when the clock stands still: the value stands for the state of the row.
        alert.updatedAt = max(before.updatedAt + 1, now)
        switch state {
        case .pending: alert.give(to: audience?.people ?? [], by: audience?.rule, now: now)
        case .processing: alert.take(by: caller.username, now: now)
        case .closed, .resolved:
            alert.end(as: state == .closed ? .closed : .resolved, by: caller.username, reason: request.reason, now: now)
        case .unassigned: break
        }
        return alert
    }

    private func write(_ changed: [(before: Alert, after: Alert)]) throws {
        guard !changed.isEmpty else { return }
        let alerts = changed.map(\.after)
        try AlertRows.updateTimes(alerts, connection)
        try HandlingRows.update(alerts, connection)
        let audit = AuditLog()
        for (before, after) in changed { try audit.record(entry(before, after), on: connection) }
        if let audience {
            let planner = NoticePlanner(rules: rules, now: now)
            for alert in alerts {
                let notices = planner.assigned(
                    alert,
                    people: audience.people,
                    channels: audience.channels(ofTeam: alert.team),
                    by: caller.username,
                    sequence: now
                )
                try Outbox.enqueue(notices, dueAt: now, now: now, on: connection)
            }
        }
        if action.ends { try AlertEffects.ended(alerts, rules: rules, now: now, connection) }
    }

    private func entry(_ before: Alert, _ after: Alert) -> AuditEntry {
        var told = after.handlingSummary
        told["title"] = .string(after.title.cut(to: 300))
        if !request.reason.isEmpty { told["reason"] = .string(request.reason) }
        if !request.note.isEmpty { told["note"] = .string(request.note) }
        if let assignment = request.assignment { told["assignment"] = .integer(assignment) }
        return AuditEntry(
            by: caller,
            action: action.auditName,
            objectType: "alert",
            objectID: String(after.id),
            before: .object(before.handlingSummary),
            after: .object(told),
            at: now,
            requestID: requestID,
            team: after.team
        )
    }
}

extension AlertRows {
    /// The alerts among these that the caller may know of, locked until the transaction ends. In the order of their
    /// ids, so that two who lock several cannot wait for each other.
    static func locked(
        _ ids: [Int64],
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws -> [Int64: Alert] {
        guard !ids.isEmpty else { return [:] }
        let scope = caller.teamCondition(column: "alert.team") ?? "1 = 1"
        let rows = try connection.query(
            fragment: """
                SELECT * FROM alert WHERE alert.id IN (\(list: ids.map { .integer($0) })) AND \(scope)
                ORDER BY alert.id\(raw: connection.dialect.forUpdate())
                """
        )
        return Dictionary(try rows.map(alert).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }
}
