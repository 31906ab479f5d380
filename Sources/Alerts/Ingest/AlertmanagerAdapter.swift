// Reads the webhook body of Prometheus Alertmanager, version 4, and the array of alerts of its API version 2.

package import JSON

/// Alertmanager's body as captured from 0.25 (`ops.md` section 2.2). Each alert's own status and times decide; the
/// group's status, `groupKey` and unknown members do not.
///
/// The array that Prometheus and vmalert post to Alertmanager's `/api/v2/alerts` is read as well: alerts without a
/// status, whose end tells whether it lies in the future.
package struct AlertmanagerAdapter: EventAdapter {
    package let name = "alertmanager"

    package init() {}

    package func recognises(_ body: JSONView) -> Bool {
        couldBe(body) && !GrafanaAdapter.hasMarks(body)
    }

    /// An `alerts` array, or an array of objects with labels, as the body.
    package func couldBe(_ body: JSONView) -> Bool {
        if body.kind == .array { return Self.hasLabels(body) }
        guard let alerts = body["alerts"], alerts.kind == .array else { return false }
        return alerts[0] == nil || body["groupKey"] != nil || body["version"] != nil || Self.hasLabels(alerts)
    }

    private static func hasLabels(_ alerts: JSONView) -> Bool {
        alerts.elements.contains { $0["labels"]?.kind == .object }
    }

    package func read(_ body: JSONView, _ context: AdapterContext) throws(BodyFault) -> AdaptedBody {
        try Self.read(body) { index, view throws(EventProblem) in try event(index, view, context) }
    }

    /// Reads each element of `alerts`, and the sender's word of those that it left out.
    static func read(
        _ body: JSONView,
        _ event: (Int, JSONView) throws(EventProblem) -> AlertEvent
    ) throws(BodyFault) -> AdaptedBody {
        let given = body.kind == .array ? body : body["alerts"]
        guard let alerts = given, !alerts.isNull else { throw BodyFault("alerts", "Missing alerts") }
        guard alerts.kind == .array else { throw BodyFault("alerts", "alerts must be an array") }
        var adapted = AdaptedBody(received: 0)
        for (index, view) in alerts.elements.enumerated() {
            adapted.received += 1
            do throws(EventProblem) {
                adapted.events.append(try event(index, view))
            } catch {
                adapted.problems.append(error)
            }
        }
        if let missing = body["truncatedAlerts"]?.int, missing > 0 {
            adapted.gap = DeliveryGap(
                missing: Int64(missing),
                group: (body["groupKey"]?.string ?? "").storable.cut(to: TextLimits.identifier),
                receiver: (body["receiver"]?.string ?? "").storable.cut(to: TextLimits.identifier)
            )
        }
        if adapted.received == 0, adapted.gap == nil { throw BodyFault("alerts", "Missing alerts") }
        return adapted
    }

    func event(
        _ index: Int,
        _ view: JSONView,
        _ context: AdapterContext
    ) throws(EventProblem) -> AlertEvent {
        guard view.kind == .object else {
            throw EventProblem(index: index, field: "", message: "an alert must be an object")
        }
        let fields = EventFields(index: index, view: view, context: context)
        let labels = try fields.labels("labels")
        guard !labels.isEmpty else { throw EventProblem(index: index, field: "labels", message: "is required") }
        let annotations = try fields.labels("annotations")
        let start = try fields.moment("startsAt")
        let end = try fields.moment("endsAt")
        let status = try self.status(fields, end: end, context)
        let startedAt = start ?? (status == .resolved ? end : nil) ?? context.receivedAt
        var event = AlertEvent(
            index: index,
            fingerprint: fields.text("fingerprint", limit: TextLimits.identifier).map(Fingerprint.of(identifier:))
                ?? Fingerprint.of(labels: labels),
            status: status,
            startedAt: startedAt,
            startIsGuessed: start == nil,
            title: title(labels, annotations).cut(to: TextLimits.title),
            details: (annotations.first(of: ["description", "message"]) ?? "").cut(to: TextLimits.description),
            labels: labels.bounded(valueLimit: TextLimits.labelValue),
            annotations: annotations.bounded(valueLimit: TextLimits.annotationValue),
            host: labels.host,
            link: fields.text("generatorURL", limit: TextLimits.link) ?? "",
            raw: fields.raw
        )
        if status == .resolved {
            event.endedAt = max(startedAt, end ?? context.receivedAt)
            event.endIsGuessed = end == nil
        }
        event.setLevel(labels.first(of: ["severity", "level", "priority"]), by: context.levels)
        return event
    }

    private func status(
        _ fields: EventFields,
        end: Int64?,
        _ context: AdapterContext
    ) throws(EventProblem) -> EventStatus {
        // Of the API's own form, where it says whether the alert is silenced.
        let given = fields.view["status"]?.kind == .object ? nil : fields.text("status", limit: 100)
        switch given?.lowercased() {
        case "firing": return .firing
        case "resolved": return .resolved
        // Not sent by Alertmanager itself; its API says the same by the end alone.
        case nil: return end.map { $0 <= context.receivedAt } == true ? .resolved : .firing
        case .some(let other):
            throw EventProblem(
                index: fields.index,
                field: "status",
                message: "must be firing or resolved, not \(other.cut(to: 40))"
            )
        }
    }

    /// `summary`, else `alertname`, else the labels themselves: an alert without a name is still an alert.
    private func title(_ labels: [Label], _ annotations: [Label]) -> String {
        annotations.first(of: ["summary", "title"]) ?? labels.first(of: ["alertname"])
            ?? labels.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }
}

extension [Label] {
    /// The first of these that is there and not empty.
    func first(of names: [String]) -> String? {
        for name in names {
            if let value = self[name: name], !value.isEmpty { return value }
        }
        return nil
    }
}
