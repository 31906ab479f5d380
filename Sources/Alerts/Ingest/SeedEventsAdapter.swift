// Reads the seed's own format: {"source_id","secret","events":[{title, level, start_time, …}]}.

package import JSON

/// The seed, section 2.2.3 and 2.2.4. Beyond it: times may be epoch numbers, levels `"0"` to `"3"`, and a missing
/// `start_time` or `level` does not lose the event (the arrival, and `warning` with a mark, stand in).
package struct SeedEventsAdapter: EventAdapter {
    package let name = "events"

    package init() {}

    package func recognises(_ body: JSONView) -> Bool {
        body["events"]?.kind == .array
    }

    package func read(_ body: JSONView, _ context: AdapterContext) throws(BodyFault) -> AdaptedBody {
        guard let events = body["events"], !events.isNull else { throw BodyFault("events", "Missing events") }
        guard events.kind == .array else { throw BodyFault("events", "events must be an array") }
        var adapted = AdaptedBody(received: 0)
        for (index, view) in events.elements.enumerated() {
            adapted.received += 1
            do throws(EventProblem) {
                adapted.events.append(try event(index, view, context))
            } catch {
                adapted.problems.append(error)
            }
        }
        if adapted.received == 0 { throw BodyFault("events", "Missing events") }
        return adapted
    }

    private func event(
        _ index: Int,
        _ view: JSONView,
        _ context: AdapterContext
    ) throws(EventProblem) -> AlertEvent {
        guard view.kind == .object else {
            throw EventProblem(index: index, field: "", message: "an event must be an object")
        }
        let fields = EventFields(index: index, view: view, context: context)
        guard let title = fields.text("title", limit: TextLimits.title) else {
            throw EventProblem(index: index, field: "title", message: "is required")
        }
        let labels = try fields.labels("labels")
        let annotations = try fields.labels("annotations")
        let start = try fields.moment("start_time")
        let end = try fields.moment("end_time")
        let status = try self.status(fields, end: end, context)
        let externalID = fields.text("external_id", limit: TextLimits.identifier)
        let eventID = fields.text("event_id", limit: TextLimits.identifier)
        let startedAt = start ?? (status == .resolved ? end : nil) ?? context.receivedAt
        var event = AlertEvent(
            index: index,
            fingerprint: Fingerprint.of(externalID: externalID, eventID: eventID, labels: labels, title: title),
            status: status,
            startedAt: startedAt,
            startIsGuessed: start == nil,
            title: title,
            details: fields.text("description", limit: TextLimits.description) ?? "",
            labels: labels.bounded(valueLimit: TextLimits.labelValue),
            annotations: annotations.bounded(valueLimit: TextLimits.annotationValue),
            host: labels.host,
            link: fields.text("link", limit: TextLimits.link) ?? fields.text("url", limit: TextLimits.link) ?? "",
            externalID: externalID ?? "",
            eventID: eventID ?? "",
            raw: fields.raw
        )
        if status == .resolved {
            event.endedAt = max(startedAt, end ?? context.receivedAt)
            event.endIsGuessed = end == nil
        }
        event.setLevel(fields.text("level", limit: 100), by: context.levels)
        return event
    }

    /// `status` decides. Without it, bk-lite's `action` does, and without that an end that has passed.
    private func status(
        _ fields: EventFields,
        end: Int64?,
        _ context: AdapterContext
    ) throws(EventProblem) -> EventStatus {
        if let given = fields.text("status", limit: 100) {
            if let known = StatusWords.status(given) { return known }
            throw EventProblem(
                index: fields.index,
                field: "status",
                message: "must be firing or resolved, not \(given.cut(to: 40))"
            )
        }
        switch fields.text("action", limit: 100)?.lowercased() {
        case "recovery", "closed", "resolved": return .resolved
        case "created": return .firing
        default: break
        }
        guard let end else { return .firing }
        return end <= context.receivedAt ? .resolved : .firing
    }
}

extension AlertEvent {
    /// Sets the level from the sender's word; an unknown or missing one becomes `warning` with a mark.
    mutating func setLevel(_ word: String?, by levels: LevelMap) {
        if let word, let known = levels.level(word) {
            level = known
        } else {
            level = .warning
            levelGiven = word ?? "(none)"
        }
    }
}
