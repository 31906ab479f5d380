// Reads a JSON object of no known form by the names that most senders use.

package import JSON
import Resources

/// For sources of type `webhook` without a mapping. The report says that it guessed; whoever wants it exact saves a
/// mapping.
package struct GuessAdapter: EventAdapter {
    package let name = "guess"

    package init() {}

    private static let title = ["title", "name", "alertname", "alert_name", "alertName", "subject", "summary", "rule"]
    private static let details = ["description", "message", "details", "text", "body", "msg", "content"]
    private static let level = ["level", "severity", "priority", "criticality"]
    private static let status = ["status", "state", "action", "event_action"]
    private static let start = ["start_time", "startsAt", "started_at", "startTime", "starts_at", "since"]
    private static let end = ["end_time", "endsAt", "ended_at", "endTime", "ends_at", "resolved_at"]
    /// One moment: of the start or of the end, as the status says.
    private static let moment = ["timestamp", "time", "date", "datetime", "created_at", "occurred_at", "@timestamp"]
    private static let externalID = [
        "external_id", "fingerprint", "dedup_key", "incident_key", "alert_id", "alertId", "incident_id", "key", "uid",
    ]
    private static let eventID = ["event_id", "eventId", "id", "uuid"]
    private static let host = ["host", "hostname", "instance", "node", "server", "machine", "ip"]
    private static let link = ["link", "url", "href", "generatorURL", "runbook_url"]
    private static let lists = ["alerts", "events", "incidents", "items", "results", "data", "records"]

    /// Never by content: it is the last resort.
    package func recognises(_ body: JSONView) -> Bool { false }

    package func read(_ body: JSONView, _ context: AdapterContext) throws(BodyFault) -> AdaptedBody {
        let views = Self.events(body)
        var adapted = AdaptedBody(received: views.count)
        adapted.note = "No known form: the members were guessed by their names. A mapping in the source makes it exact."
        for (index, view) in views.enumerated() {
            guard view.kind == .object else {
                adapted.problems.append(
                    EventProblem(index: index, field: "", message: "an event must be an object")
                )
                continue
            }
            let fields = EventFields(index: index, view: view, context: context)
            guard let title = fields.plain(Self.title, limit: TextLimits.title) else {
                adapted.problems.append(
                    EventProblem(
                        index: index,
                        field: "title",
                        message: "is required (or \(Self.title.dropFirst().joined(separator: ", "))); "
                            + "a mapping in the source can name another member"
                    )
                )
                continue
            }
            adapted.events.append(event(fields, title))
        }
        if views.isEmpty { throw BodyFault("", "Missing events") }
        return adapted
    }

    private static func events(_ body: JSONView) -> [JSONView] {
        if body.kind == .array { return Array(body.elements.prefix(MappingAdapter.maximumEvents)) }
        if !title.contains(where: { body[$0]?.string != nil }) {
            for name in lists {
                if let list = body[name], list.kind == .array, list[0]?.kind == .object {
                    return Array(list.elements.prefix(MappingAdapter.maximumEvents))
                }
            }
        }
        return [body]
    }

    private func event(_ fields: EventFields, _ title: String) -> AlertEvent {
        var parts = LooseEvent(title: title)
        parts.details = fields.plain(Self.details, limit: TextLimits.description)
        parts.level = fields.plain(Self.level, limit: 100)
        parts.status = fields.plain(Self.status, limit: 100).map(StatusWords.guessed)
        parts.start = moment(Self.start, fields)
        parts.end = moment(Self.end, fields)
        if parts.start == nil, parts.end == nil {
            let single = moment(Self.moment, fields)
            if parts.status == .resolved { parts.end = single } else { parts.start = single }
        }
        parts.externalID = fields.plain(Self.externalID, limit: TextLimits.identifier)
        parts.eventID = fields.plain(Self.eventID, limit: TextLimits.identifier)
        parts.host = fields.plain(Self.host, limit: 255).map([Label].hostPart(of:))
        parts.link = fields.plain(Self.link, limit: TextLimits.link)
        for name in ["labels", "tags"] {
            guard let view = fields.view[name] else { continue }
            parts.labels = EventFields.labels(of: view)
            if !parts.labels.isEmpty { break }
        }
        if let view = fields.view["annotations"], view.kind == .object {
            parts.annotations = EventFields.labels(of: view)
        }
        return parts.event(fields)
    }

    /// A member that holds no time is no time: the arrival stands in.
    private func moment(_ names: [String], _ fields: EventFields) -> Int64? {
        for name in names {
            if let view = fields.view[name], let moment = (try? fields.moment(of: view)) ?? nil { return moment }
        }
        return nil
    }
}

extension EventFields {
    /// The first of these members that is a text, a number or a boolean and says something.
    fileprivate func plain(_ names: [String], limit: Int) -> String? {
        for name in names {
            guard let view = view[name], view.kind != .object, view.kind != .array else { continue }
            if let text = Self.text(view, limit: limit) { return text }
        }
        return nil
    }
}
