// Reads what Zabbix media types post: there is no fixed form, but four that are in common use, and their kin.

package import JSON
import Resources

/// Zabbix, in the forms of `ops.md` section 3: bk-lite's flat one and its `event:{}`, Grafana OnCall's, PagerDuty's and
/// Keep's. One body is one message about one problem.
///
/// Sources of the rules: `{EVENT.ID}` is the same in problem and recovery, so it is the fingerprint; an update (comment,
/// acknowledgement) opens nothing; macros that were not expanded and `*UNKNOWN*` are absent values, and a message whose
/// very id was not expanded comes from the Test button.
package struct ZabbixAdapter: EventAdapter {
    package let name = "zabbix"

    package init() {}

    package func recognises(_ body: JSONView) -> Bool {
        ZabbixForm(body) != nil
    }

    /// Also scripts of people's own, when the source says that it is Zabbix: something to name the problem by is enough.
    package func couldBe(_ body: JSONView) -> Bool {
        guard body.kind == .object, body["alerts"] == nil, body["events"] == nil else { return false }
        if recognises(body) { return true }
        guard !GrafanaLegacyAdapter().recognises(body) else { return false }
        let members = ZabbixMembers(body)
        return members.isGiven(ZabbixMembers.id) || members.isGiven(ZabbixMembers.title)
    }

    package func read(_ body: JSONView, _ context: AdapterContext) throws(BodyFault) -> AdaptedBody {
        guard couldBe(body) else {
            throw BodyFault(
                "",
                "No Zabbix message: expected eventid or ProblemId beside the event's members, an object event, "
                    + "alert_uid with state, or id with triggerId"
            )
        }
        let form = ZabbixForm(body) ?? .flat
        let view = form == .nested ? body["event"] ?? body : body
        let message = ZabbixMessage(form, view, EventFields(index: 0, view: view, context: context), outer: body)
        var adapted = AdaptedBody(received: 1)
        if message.isTest {
            adapted.ignored = [problem("the macros are not expanded: a test of the media type opens no alert")]
            return adapted
        }
        if message.isUpdate {
            adapted.ignored = [problem("an update of a problem (comment, acknowledgement) changes no alert")]
            return adapted
        }
        do throws(EventProblem) {
            adapted.events = [try event(message, context)]
        } catch {
            adapted.problems = [error]
        }
        return adapted
    }

    private func problem(_ message: String) -> EventProblem {
        EventProblem(index: 0, field: "", message: message)
    }

    private func event(_ message: ZabbixMessage, _ context: AdapterContext) throws(EventProblem) -> AlertEvent {
        guard let title = message.title else {
            throw EventProblem(index: 0, field: "Subject", message: "is required, or eventname, title or name")
        }
        let labels = message.labels
        let status = message.status
        let start = try message.start(status)
        let end = status == .resolved ? try message.end() : nil
        let startedAt = start ?? end ?? context.receivedAt
        let identity = message.id.map(Fingerprint.of(identifier:)) ?? Fingerprint.of(labels: labels, title: title)
        var event = AlertEvent(
            fingerprint: identity,
            status: status,
            startedAt: startedAt,
            startIsGuessed: start == nil,
            title: title,
            details: message.details ?? "",
            labels: labels.bounded(valueLimit: TextLimits.labelValue),
            annotations: message.annotations.bounded(valueLimit: TextLimits.annotationValue),
            host: labels.host,
            link: message.link ?? "",
            externalID: message.id ?? "",
            eventID: message.eventID ?? "",
            raw: message.raw
        )
        if status == .resolved {
            event.endedAt = max(startedAt, end ?? context.receivedAt)
            event.endIsGuessed = end == nil
        }
        event.setLevel(message.level, by: context.levels)
        return event
    }
}

/// Which of the forms a body has.
enum ZabbixForm: Hashable {
    /// bk-lite's and PagerDuty's scripts, and others that send macros under names of their own.
    case flat
    /// `{"event":{…}}`, the form that bk-lite's script builds.
    case nested
    /// Grafana OnCall: `alert_uid, title, state, message, link_to_upstream_details`.
    case onCall
    /// Keep: `id, triggerId, name, status, severity, lastReceived`.
    case keep

    /// Nil for a body that does not clearly come from Zabbix.
    init?(_ body: JSONView) {
        guard body.kind == .object, body["alerts"] == nil, body["events"] == nil else { return nil }
        if let event = body["event"], event.kind == .object {
            let members = ZabbixMembers(event)
            guard members.has(["externalid", "problemid"]) || (members.has(["title"]) && members.has(["action"])) else {
                return nil
            }
            self = .nested
            return
        }
        if body["alert_uid"] != nil, body["state"] != nil || body["title"] != nil {
            self = .onCall
        } else if body["triggerId"] != nil, body["id"] != nil {
            self = .keep
        } else {
            let members = ZabbixMembers(body)
            guard members.has(["eventid", "problemid"]), members.has(ZabbixMembers.typical) else { return nil }
            self = .flat
        }
    }
}
