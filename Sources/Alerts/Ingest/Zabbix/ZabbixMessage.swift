// One Zabbix message, its values found and put into our words.

import JSON
import Resources

struct ZabbixMessage {
    private let form: ZabbixForm
    private let members: ZabbixMembers
    /// The body around a nested event; bk-lite leaves `EventValue` there.
    private let outer: ZabbixMembers
    private let fields: EventFields

    init(_ form: ZabbixForm, _ view: JSONView, _ fields: EventFields, outer: JSONView) {
        self.form = form
        self.fields = fields
        members = ZabbixMembers(view)
        self.outer = form == .nested ? ZabbixMembers(outer) : members
    }

    // In Keep's form `id` is `{EVENT.ID}`; elsewhere it may be anything.
    private var idNames: [String] { form == .keep ? ["id"] : ZabbixMembers.id }

    /// From the Test button: the id itself was not expanded, which no real message shows.
    var isTest: Bool {
        members.isUnexpanded(idNames) || (form == .nested && outer.isUnexpanded(ZabbixMembers.id))
    }

    /// An update is told by `{EVENT.UPDATE.STATUS}` being 1, or by any `{EVENT.UPDATE.ACTION}`.
    var isUpdate: Bool {
        [members, outer].contains { members in
            members.text(ZabbixMembers.updateStatus, limit: 10) == "1" || members.isGiven(ZabbixMembers.updateAction)
        }
    }

    var id: String? {
        if let id = members.text(idNames, limit: TextLimits.identifier) { return id }
        guard form == .nested else { return nil }
        return ZabbixMembers.text(fields.view["labels"]?["problem_id"], limit: TextLimits.identifier)
    }

    /// The recovery's own id, else the problem's.
    var eventID: String? {
        members.text(ZabbixMembers.recoveryID + ["eventid"], limit: TextLimits.identifier)
    }

    var title: String? { members.text(ZabbixMembers.title, limit: TextLimits.title) }

    var details: String? { members.text(ZabbixMembers.details, limit: TextLimits.description) }

    /// Numbers are Zabbix's severities. In `event:{}` they are bk-lite's levels (0 is the worst), which our own map
    /// knows; what goes beyond those can only be Zabbix's again.
    var level: String? {
        guard let given = members.text(ZabbixMembers.severity, limit: 100) else { return nil }
        guard let number = Int(given), Self.severities.indices.contains(number) else { return given }
        return form == .nested && number <= 3 ? given : Self.severities[number]
    }

    /// Zabbix manual, "Trigger severity": 0 to 5.
    private static let severities = ["Not classified", "Information", "Warning", "Average", "High", "Disaster"]

    var status: EventStatus {
        for members in [members, outer] {
            guard let word = members.text(ZabbixMembers.state, limit: 100)?.lowercased() else { continue }
            switch word {
            case "0": return .resolved
            case "1", "created": return .firing
            default: return StatusWords.guessed(word)
            }
        }
        // Only a recovery has an id of its own.
        return members.isGiven(ZabbixMembers.recoveryID) ? .resolved : .firing
    }

    /// - Throws: a problem that names the member, when it is no time.
    func start(_ status: EventStatus) throws(EventProblem) -> Int64? {
        if let pair = try moment(ZabbixMembers.startDay, ZabbixMembers.startHour) { return pair }
        if let single = try moment(ZabbixMembers.start) { return single }
        // Keep sends the moment of the message only.
        return status == .firing ? try moment(["lastreceived"]) : nil
    }

    func end() throws(EventProblem) -> Int64? {
        if let pair = try moment(ZabbixMembers.endDay, ZabbixMembers.endHour) { return pair }
        if let single = try moment(ZabbixMembers.end) { return single }
        return try moment(["lastreceived"])
    }

    private func moment(_ days: [String], _ hours: [String]) throws(EventProblem) -> Int64? {
        guard let day = members.text(days, limit: 40) else { return nil }
        // A day that has its hour in itself needs no other.
        let hour = day.utf8.count > 10 ? nil : members.text(hours, limit: 40)
        return try moment(hour.map { "\(day) \($0)" } ?? day, days[0])
    }

    private func moment(_ names: [String]) throws(EventProblem) -> Int64? {
        for name in names {
            guard let text = members.text([name], limit: 80) else { continue }
            return try moment(text, name)
        }
        return nil
    }

    private func moment(_ text: String, _ name: String) throws(EventProblem) -> Int64? {
        do throws(TimestampError) {
            let moment = try Timestamp(parsing: text.withISODate, zone: fields.context.zone).milliseconds
            return moment <= 0 ? nil : moment
        } catch {
            throw EventProblem(index: fields.index, field: name, message: error.message)
        }
    }

    /// The event's tags, and what identifies host and trigger.
    var labels: [Label] {
        var labels: [Label] = []
        for name in ZabbixMembers.tags {
            guard let view = members[name], ZabbixMembers.text(view, limit: TextLimits.raw) != nil else { continue }
            labels = EventFields.labels(of: view)
            break
        }
        if form == .nested, let own = fields.view["labels"], own.kind == .object {
            labels += EventFields.labels(of: own).filter { !ZabbixMacro.isAbsent($0.value) && !$0.value.isBlank }
        }
        let named: [(String, [String])] = [
            ("host", ZabbixMembers.host), ("ip", ZabbixMembers.address), ("trigger_id", ["triggerid", "ruleid"]),
            ("item", ["item", "itemname"]), ("resource_type", ["resourcetype"]),
        ]
        for (name, members) in named where labels[name: name] == nil {
            if let text = self.members.text(members, limit: TextLimits.labelValue) { labels.append(Label(name, text)) }
        }
        return labels.normalised
    }

    var annotations: [Label] {
        guard let text = members.text(["triggeropdata", "eventopdata", "opdata"], limit: TextLimits.annotationValue)
        else { return [] }
        return [Label("operational_data", text)]
    }

    /// Where Zabbix shows it. A script may send its own parameters along, and with them the address it posts to.
    var link: String? {
        guard let link = members.text(ZabbixMembers.link, limit: TextLimits.link), !ZabbixMacro.contains(link) else {
            return nil
        }
        return link.contains("receiver_data") || link.contains("/webhook") || link.contains("secret=") ? nil : link
    }

    var raw: String { fields.raw }
}
