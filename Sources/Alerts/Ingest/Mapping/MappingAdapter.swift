// Reads bodies of any form by the source's own mapping.

package import JSON
import Resources

package struct MappingAdapter: EventAdapter {
    package let name = "mapping"
    private let mapping: EventMapping

    /// Events of one body at the most; each costs a look-up of every path.
    static let maximumEvents = 100_000

    package init(_ mapping: EventMapping) {
        self.mapping = mapping
    }

    /// Whether the mapping finds a title in at least one event.
    package func recognises(_ body: JSONView) -> Bool {
        events(body, limit: 20).contains { $0.kind == .object && mapping.title.text(in: $0, limit: 100) != nil }
    }

    private func events(_ body: JSONView, limit: Int = maximumEvents) -> [JSONView] {
        if let events = mapping.events {
            let found = events.values(in: body, limit: limit, visits: 10 * Self.maximumEvents)
            // A path that names the array itself means what is in it.
            if found.count == 1, found[0].kind == .array { return Array(found[0].elements.prefix(limit)) }
            return found
        }
        return body.kind == .array ? Array(body.elements.prefix(limit)) : [body]
    }

    package func read(_ body: JSONView, _ context: AdapterContext) throws(BodyFault) -> AdaptedBody {
        let views = events(body)
        if views.isEmpty { throw BodyFault("mapping.events", "Missing events: the source's mapping finds none") }
        var adapted = AdaptedBody(received: views.count)
        for (index, view) in views.enumerated() {
            do throws(EventProblem) {
                guard view.kind == .object else {
                    throw EventProblem(index: index, field: "", message: "an event must be an object")
                }
                adapted.events.append(try event(EventFields(index: index, view: view, context: context)))
            } catch {
                adapted.problems.append(error)
            }
        }
        return adapted
    }

    private func event(_ fields: EventFields) throws(EventProblem) -> AlertEvent {
        let view = fields.view
        guard let title = mapping.title.text(in: view, limit: TextLimits.title) else {
            throw EventProblem(index: fields.index, field: "title", message: "is not where mapping.title says")
        }
        var parts = LooseEvent(title: title)
        parts.start = try moment("start_time", fields)
        parts.end = try moment("end_time", fields)
        let word = text("status", view, 100)
        parts.status = word.map { mapping.resolvedWords.contains($0.lowercased()) ? .resolved : .firing }
        parts.level = text("level", view, 100)
        parts.externalID = text("external_id", view, TextLimits.identifier)
        parts.eventID = text("event_id", view, TextLimits.identifier)
        parts.details = text("description", view, TextLimits.description)
        parts.host = text("host", view, 255)
        parts.link = text("link", view, TextLimits.link)
        parts.labels = labels(mapping.labels, view, TextLimits.labelValue)
        parts.annotations = labels(mapping.annotations, view, TextLimits.annotationValue)
        return parts.event(fields)
    }

    private func text(_ name: String, _ view: JSONView, _ limit: Int) -> String? {
        mapping.values[name]?.text(in: view, limit: limit)
    }

    private func moment(_ name: String, _ fields: EventFields) throws(EventProblem) -> Int64? {
        guard let value = mapping.values[name] else { return nil }
        do throws(TimestampError) {
            switch value {
            case .constant(let text):
                return try Timestamp(parsing: text.withISODate, zone: fields.context.zone).milliseconds
            case .path(let path):
                guard let view = path.first(in: fields.view) else { return nil }
                return try fields.moment(of: view)
            }
        } catch {
            throw EventProblem(index: fields.index, field: name, message: error.message)
        }
    }

    private func labels(_ mapped: MappedLabels?, _ view: JSONView, _ limit: Int) -> [Label] {
        switch mapped {
        case nil: []
        case .whole(let path): path.first(in: view).map(EventFields.labels(of:)) ?? []
        case .named(let named):
            named.compactMap { name, value in value.text(in: view, limit: limit).map { Label(name, $0) } }.normalised
        }
    }
}

/// An event of a sender whose form nobody has fixed, in parts.
struct LooseEvent {
    var title: String
    var details: String?
    var level: String?
    /// Nil: an end that has passed tells.
    var status: EventStatus?
    var start: Int64?
    var end: Int64?
    var externalID: String?
    var eventID: String?
    var host: String?
    var link: String?
    var labels: [Label] = []
    var annotations: [Label] = []

    init(title: String) {
        self.title = title
    }

    func event(_ fields: EventFields) -> AlertEvent {
        var labels = labels
        // Rules match labels, and two machines with the same trouble are two alerts.
        if let host, labels.host.isEmpty { labels = (labels + [Label("host", host)]).normalised }
        let context = fields.context
        let status = status ?? (end.map { $0 <= context.receivedAt } == true ? .resolved : .firing)
        let startedAt = start ?? (status == .resolved ? end : nil) ?? context.receivedAt
        var event = AlertEvent(
            index: fields.index,
            fingerprint: Fingerprint.of(externalID: externalID, eventID: eventID, labels: labels, title: title),
            status: status,
            startedAt: startedAt,
            startIsGuessed: start == nil,
            title: title,
            details: details ?? "",
            labels: labels.bounded(valueLimit: TextLimits.labelValue),
            annotations: annotations.bounded(valueLimit: TextLimits.annotationValue),
            host: labels.host,
            link: link ?? "",
            externalID: externalID ?? "",
            eventID: eventID ?? "",
            raw: fields.raw
        )
        if status == .resolved {
            event.endedAt = max(startedAt, end ?? context.receivedAt)
            event.endIsGuessed = end == nil
        }
        event.setLevel(level, by: context.levels)
        return event
    }
}
