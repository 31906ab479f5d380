// Reads the webhook body of Grafana's unified alerting, and that of its legacy alerting.

package import JSON

/// Grafana's contact point "Webhook" (body version "1", `ops.md` section 3): Alertmanager's form with more about each
/// alert. Each alert's own status and times decide, never the group's `state`.
package struct GrafanaAdapter: EventAdapter {
    package let name = "grafana"
    private let alertmanager = AlertmanagerAdapter()
    private let legacy = GrafanaLegacyAdapter()

    package init() {}

    package func recognises(_ body: JSONView) -> Bool {
        body["alerts"]?.kind == .array && Self.hasMarks(body)
    }

    package func couldBe(_ body: JSONView) -> Bool {
        recognises(body) || legacy.recognises(body) || (body.kind == .object && alertmanager.couldBe(body))
    }

    /// What Alertmanager's own body never has.
    static func hasMarks(_ body: JSONView) -> Bool {
        body["orgId"] != nil || body["state"] != nil || body["version"]?.stringEquals("1") == true
    }

    package func read(_ body: JSONView, _ context: AdapterContext) throws(BodyFault) -> AdaptedBody {
        if body["alerts"] == nil, legacy.recognises(body) { return try legacy.read(body, context) }
        return try AlertmanagerAdapter.read(body) { index, view throws(EventProblem) in
            var event = try alertmanager.event(index, view, context)
            complete(&event, EventFields(index: index, view: view, context: context))
            return event
        }
    }

    /// What Grafana tells beside labels and annotations: the query's values, and where to look.
    private func complete(_ event: inout AlertEvent, _ fields: EventFields) {
        if event.details.isEmpty {
            event.details = fields.text("valueString", limit: TextLimits.description) ?? ""
        }
        if event.link.isEmpty {
            event.link = fields.text(["panelURL", "dashboardURL"], limit: TextLimits.link) ?? ""
        }
        var annotations = event.annotations
        for name in ["valueString", "values", "dashboardURL", "panelURL", "silenceURL", "imageURL", "ruleUID"] {
            guard annotations[name: name] == nil,
                let text = fields.text(name, limit: TextLimits.annotationValue), text != "{}"
            else { continue }
            annotations.append(Label(name, text))
        }
        event.annotations = annotations.normalised.bounded(valueLimit: TextLimits.annotationValue)
    }
}

/// Grafana's legacy alerting (before version 11): `evalMatches, ruleId, ruleName, ruleUrl, state, message`. One body is
/// one rule; it brings no times, so the arrival stands in.
package struct GrafanaLegacyAdapter: EventAdapter {
    package let name = "grafana_legacy"

    package init() {}

    package func recognises(_ body: JSONView) -> Bool {
        body["alerts"] == nil && body["state"]?.kind == .string && body["ruleId"] != nil
            && (body["evalMatches"] != nil || body["ruleName"] != nil)
    }

    package func read(_ body: JSONView, _ context: AdapterContext) throws(BodyFault) -> AdaptedBody {
        var adapted = AdaptedBody(received: 1)
        let fields = EventFields(index: 0, view: body, context: context)
        let state = fields.text("state", limit: 100)?.lowercased() ?? ""
        let status: EventStatus
        switch state {
        // No data is not health: it keeps an alert open, or opens one.
        case "alerting", "no_data": status = .firing
        case "ok": status = .resolved
        case "paused", "pending", "unknown":
            adapted.ignored = [EventProblem(index: 0, field: "state", message: "\(state) is neither firing nor over")]
            return adapted
        default:
            throw BodyFault("state", "must be alerting, no_data, ok, paused or pending, not \(state.cut(to: 40))")
        }
        do throws(EventProblem) {
            adapted.events = [try event(fields, status, context)]
        } catch {
            adapted.problems = [error]
        }
        return adapted
    }

    private func event(
        _ fields: EventFields,
        _ status: EventStatus,
        _ context: AdapterContext
    ) throws(EventProblem) -> AlertEvent {
        guard let title = fields.text(["ruleName", "title"], limit: TextLimits.title) else {
            throw EventProblem(index: 0, field: "ruleName", message: "is required")
        }
        let labels = fields.view["tags"].map(EventFields.labels(of:)) ?? []
        // Rules are numbered anew in each organisation's dashboards; 0 is the test button's.
        let organisation = fields.text("orgId", limit: 100) ?? "1"
        let rule = fields.text("ruleId", limit: 100) ?? ""
        var annotations: [Label] = []
        for name in ["evalMatches", "imageUrl", "title", "dashboardId", "panelId"] {
            guard let text = fields.text(name, limit: TextLimits.annotationValue), text != "[]" else { continue }
            annotations.append(Label(name, text))
        }
        var event = AlertEvent(
            fingerprint: Fingerprint.of(identifier: "grafana-\(organisation)-\(rule)"),
            status: status,
            startedAt: context.receivedAt,
            endedAt: status == .resolved ? context.receivedAt : nil,
            startIsGuessed: true,
            endIsGuessed: status == .resolved,
            title: title,
            details: fields.text("message", limit: TextLimits.description) ?? "",
            labels: labels.bounded(valueLimit: TextLimits.labelValue),
            annotations: annotations.normalised,
            host: labels.host,
            link: fields.text("ruleUrl", limit: TextLimits.link) ?? "",
            externalID: rule,
            raw: fields.raw
        )
        event.setLevel(labels.first(of: ["severity", "level", "priority"]), by: context.levels)
        return event
    }
}
