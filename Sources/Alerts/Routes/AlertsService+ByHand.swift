// Alerts and events that people enter: they go the way of all events, so that every rule applies to them.

package import Identity
package import JSON
import Resources
import Storage

extension AlertsService {
    /// `POST alerts/`: an alert by hand.
    ///
    /// It comes from the source given, or from the team's own source for these (made when it is first needed). With an
    /// `external_id`, a second one while the first goes on adds to it; without, each is an alert of its own.
    ///
    /// - Parameter body: `title`; `level`, `description`, `host`, `labels`, `external_id`, `source` (a row's number).
    /// - Returns: the alert as the envelope's data.
    /// - Throws: `ResourceError`, `DatabaseError`.
    package func createAlert(_ body: JSONObject, caller: Caller, requestID: String = "") async throws -> JSONValue {
        try alerts.authorize(.create, caller)
        let given = try HandMadeAlert(body, AlertResource.resource)
        let source = try await source(given.source, caller)
        let now = clock.now()
        var event = given.event(now: now)
        if event.externalID.isEmpty {
            event.externalID = "manual-\(WebhookSecret.randomText(length: 16))"
            event.fingerprint = Fingerprint.of(identifier: event.externalID)
        }
        event.annotations = [Label("created_by", caller.username)]
        event.raw = JSONValue.object(body).text.cut(to: TextLimits.raw)
        try await keep([event], source, now: now)
        let alerts = alerts
        return try await database.write { [event] connection in
            guard let id = try AlertQueries.newest(fingerprint: event.fingerprint, source: source.id, connection) else {
                throw ResourceError.notFound
            }
            try AuditLog().record(
                AuditEntry(
                    by: caller,
                    action: "alert.create",
                    objectType: "alert",
                    objectID: String(id),
                    after: .object(body),
                    at: now,
                    requestID: requestID,
                    team: source.team
                ),
                on: connection
            )
            return .object(try alerts.row(id, caller, on: connection))
        }
    }

    /// `POST events/`: one event in the seed's format (section 2.2.3), by hand, from the source that `source_id` names.
    ///
    /// - Returns: the event as the envelope's data; the one that is there already when it says nothing new.
    /// - Throws: `ResourceError`, `DatabaseError`.
    package func createEvent(_ body: JSONObject, caller: Caller, requestID: String = "") async throws -> JSONValue {
        guard caller.may(.alertsManage) else { throw ResourceError.forbidden(.alertsManage) }
        guard let name = body["source_id"]?.string, !name.isEmpty else {
            throw ResourceError.invalid("source_id", "is required")
        }
        let found = try await database.read { try SourceRows.named(name, $0) }
        guard let source = found, caller.seesRows(ofTeam: source.team) else {
            throw ResourceError.invalid("source_id", "names no source")
        }
        var event = body
        event.removeValue(forKey: "source_id")
        let now = clock.now()
        let document = try JSONDocument(parsing: JSONValue.object(["events": [.object(event)]]).bytes)
        let adapted: AdaptedBody
        do throws(BodyFault) {
            adapted = try SeedEventsAdapter().read(
                document.root,
                AdapterContext(receivedAt: now, zone: source.zone, levels: source.levels)
            )
        } catch {
            throw ResourceError.invalid(error.field, error.message)
        }
        if let problem = adapted.problems.first { throw ResourceError.invalid(problem.field, problem.message) }
        guard var kept = adapted.events.first else { throw ResourceError.invalid("title", "is required") }
        // Whoever leaves times out means now, and has said so.
        kept.startIsGuessed = false
        kept.endIsGuessed = false
        try await keep([kept], source, now: now)
        let events = events
        let stored = kept
        return try await database.write { connection in
            let rows = try connection.query(
                "SELECT id, alert_id FROM alert_event WHERE digest = $1 AND source = $2 AND fingerprint = $3",
                [.integer(stored.digest), .integer(source.id), .text(stored.fingerprint)]
            )
            guard let row = rows.first else { throw ResourceError.notFound }
            let id = try row.int("id")
            try AuditLog().record(
                AuditEntry(
                    by: caller,
                    action: "event.create",
                    objectType: "event",
                    objectID: String(id),
                    after: ["title": .string(stored.title), "alert": .integer(try row.int("alert_id"))],
                    at: now,
                    requestID: requestID,
                    team: source.team
                ),
                on: connection
            )
            return .object(try events.row(id, caller, on: connection))
        }
    }

    /// Through the pipeline, and durable on return.
    private func keep(_ events: [AlertEvent], _ source: AlertSource, now: Int64) async throws {
        guard source.isActive else { throw ResourceError.invalid("source", "is not active") }
        let delivery = Delivery(source: source, events: events, receivedAt: now)
        guard case .kept = try await queue.ingest(delivery) else {
            throw ResourceError.conflict(message: "the alert source is being changed; try again", errors: [])
        }
    }

    /// The source with the number, or the team's source for alerts made by hand.
    private func source(_ id: Int64?, _ caller: Caller) async throws -> AlertSource {
        if let id, id != 0 {
            let found = try await database.read { connection in
                try connection.query("SELECT * FROM alert_source WHERE id = $1", [.integer(id)]).first
                    .map(AlertSource.init)
            }
            guard let found, caller.seesRows(ofTeam: found.team) else {
                throw ResourceError.invalid("source", "refers to alert_source \(id), which does not exist")
            }
            return found
        }
        guard let team = caller.currentTeam else {
            throw ResourceError.invalid("team", "cannot be set: the caller belongs to no team")
        }
        let name = "\(AlertSourceResource.manualPrefix)\(team)"
        let sources = sources
        // Two who come first at the same time: the second finds what the first has made.
        for _ in 0..<3 {
            if let found = try await database.read({ try SourceRows.named(name, $0) }) {
                guard found.team == team else {
                    throw ResourceError.conflict(
                        message: "the source \(name) belongs to another team; an administrator must remove it first",
                        errors: []
                    )
                }
                return found
            }
            do {
                _ = try await database.write { connection in
                    try sources.create(
                        [
                            "name": "manual", "source_id": .string(name), "source_type": "webhook",
                            "description": "Alerts that people enter by hand.",
                        ],
                        caller: .system,
                        team: team,
                        on: connection
                    )
                }
            } catch ResourceError.conflict {
                continue
            }
        }
        throw ResourceError.conflict(message: "the source of alerts made by hand cannot be made; try again", errors: [])
    }
}

/// The body of a new alert, checked by the declaration of the resource.
private struct HandMadeAlert {
    /// 0 for the team's own.
    var source: Int64?
    private var title: String
    private var level: AlertLevel
    private var details: String
    private var host: String
    private var labels: [Label]
    private var externalID: String

    init(_ body: JSONObject, _ resource: Resource) throws {
        let record = try resource.checkedForCreation(body)
        var errors: [FieldError] = []
        title = (record.text("title") ?? "").storable
        if title.allSatisfy(\.isWhitespace) { errors.append(FieldError("title", "must not be empty")) }
        level = record.text("level").flatMap { AlertLevel($0) } ?? .warning
        details = (record.text("description") ?? "").storable
        host = (record.text("host") ?? "").storable
        externalID = (record.text("external_id") ?? "").storable
        source = record.integer("source")
        labels = []
        for (name, value) in record.json("labels")?.object ?? [:] {
            guard let text = value.string, !name.isEmpty else {
                errors.append(FieldError("labels", "must have names, and strings as values"))
                break
            }
            labels.append(Label(name.storable, text.storable))
        }
        labels = labels.normalised.bounded(valueLimit: TextLimits.labelValue)
        guard errors.isEmpty else { throw ResourceError.invalid(errors) }
    }

    func event(now: Int64) -> AlertEvent {
        AlertEvent(
            fingerprint: Fingerprint.of(identifier: externalID),
            status: .firing,
            startedAt: now,
            level: level,
            title: title.cut(to: TextLimits.title),
            details: details.cut(to: TextLimits.description),
            labels: labels,
            host: host.isEmpty ? labels.host : host,
            externalID: externalID
        )
    }
}
