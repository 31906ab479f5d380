// The members of a Zabbix message by what they mean, however the script's author wrote their names.

import JSON

/// Members by their names in lower case without `_`, `-` and `.`, so that `EventID`, `event_id`, `EVENT.ID` and
/// `eventid` are one.
struct ZabbixMembers {
    private var views: [String: JSONView] = [:]
    /// Scripts send a few dozen parameters; more are not looked at.
    private static let maximum = 200

    init(_ view: JSONView) {
        for member in view.members.prefix(Self.maximum) {
            let key = member.key
            guard key.utf8.count <= 40 else { continue }
            let plain = key.lowercased().filter { $0 != "_" && $0 != "-" && $0 != "." }
            if views[plain] == nil || views[plain]?.isNull == true { views[plain] = member.value }
        }
    }

    subscript(name: String) -> JSONView? { views[name] }

    /// Whether one of these is there, with whatever value.
    func has(_ names: [String]) -> Bool { names.contains { views[$0] != nil } }

    /// Whether one of these says something.
    func isGiven(_ names: [String]) -> Bool { text(names, limit: TextLimits.title) != nil }

    /// The first of these that says something: blank values, macros that were not expanded and `*UNKNOWN*` do not.
    func text(_ names: [String], limit: Int) -> String? {
        for name in names {
            if let text = Self.text(views[name], limit: limit) { return text }
        }
        return nil
    }

    /// Whether one of these holds a macro that was not expanded, and none says something.
    func isUnexpanded(_ names: [String]) -> Bool {
        guard text(names, limit: TextLimits.identifier) == nil else { return false }
        return names.contains { name in views[name]?.string.map(ZabbixMacro.isUnexpanded) ?? false }
    }

    static func text(_ view: JSONView?, limit: Int) -> String? {
        guard let text = EventFields.text(view, limit: limit), !ZabbixMacro.isAbsent(text) else { return nil }
        return text
    }
}

extension ZabbixMembers {
    /// `{EVENT.ID}`, the pairing key. bk-lite calls it `ProblemId` and lets `EventId` be new in a recovery.
    static let id = ["problemid", "eventid", "alertuid", "externalid"]
    static let title = ["eventname", "subject", "alertsubject", "title", "triggername", "name"]
    static let details = ["message", "alertmessage", "description", "triggerdescription", "triggerdesc"]
    static let severity = ["severity", "eventseverity", "triggerseverity", "nseverity", "eventnseverity", "level"]
    static let state = ["eventvalue", "triggervalue", "state", "status", "eventstatus", "triggerstatus", "action"]
    static let recoveryID = ["recoveryeventid", "eventrecoveryid", "recoveryid"]
    static let updateStatus = ["eventupdate", "eventupdatestatus", "updatestatus"]
    static let updateAction = ["updateaction", "eventupdateaction"]
    static let startDay = ["eventdate", "problemdate", "startdate"]
    static let startHour = ["eventtime", "problemtime", "starthour"]
    static let start = ["starttime", "startsat", "eventdatetime", "startedat"]
    static let endDay = ["recoverydate", "eventrecoverydate", "enddate"]
    static let endHour = ["recoverytime", "eventrecoverytime", "endhour"]
    static let end = ["endtime", "endsat", "recoverydatetime", "endedat"]
    static let host = ["hostname", "host", "hosthost", "resourcename", "service"]
    static let address = ["hostip", "ip", "hostconn"]
    static let link = ["linktoupstreamdetails", "eventurl", "problemurl", "triggerurl", "link", "url"]
    static let tags = ["eventtagsjson", "tagsjson", "eventtags", "tags"]

    /// What beside an id makes a flat body Zabbix's.
    static let typical = [
        "eventvalue", "triggerid", "triggername", "triggerdesc", "recoveryeventid", "eventupdate", "eventupdatestatus",
        "eventnseverity", "eventseverity", "eventname", "eventack", "eventtags", "triggerdescription",
    ]
}

/// Zabbix's `{MACROS}` in texts.
enum ZabbixMacro {
    /// A text that stands for no value: `*UNKNOWN*`, or nothing but macros that were not expanded.
    static func isAbsent(_ text: String) -> Bool {
        text == "*UNKNOWN*" || isUnexpanded(text)
    }

    /// `{EVENT.ID}`, `{$ZABBIX.URL}`, `{DATE} {TIME}`: one or more macros with blanks between, and nothing else.
    static func isUnexpanded(_ text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(301))
        guard bytes.count <= 300 else { return false }
        var position = 0
        var found = false
        while position < bytes.count {
            if bytes[position] <= 0x20 {
                position += 1
                continue
            }
            guard let end = macroEnd(bytes, position) else { return false }
            found = true
            position = end
        }
        return found
    }

    /// Whether a macro stands somewhere in the text.
    static func contains(_ text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(TextLimits.link))
        return bytes.indices.contains { bytes[$0] == UInt8(ascii: "{") && macroEnd(bytes, $0) != nil }
    }

    /// The place after a macro that begins here: a brace, a capital or `$`, `#`, `?`, then anything but a quote right
    /// away or a line end, up to the closing brace. JSON (`{"`) is none.
    private static func macroEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        guard start + 1 < bytes.count, bytes[start] == UInt8(ascii: "{") else { return nil }
        switch bytes[start + 1] {
        case 65...90, UInt8(ascii: "$"), UInt8(ascii: "#"), UInt8(ascii: "?"), UInt8(ascii: "{"): break
        default: return nil
        }
        var depth = 0
        for place in start..<min(bytes.count, start + 300) {
            switch bytes[place] {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return place + 1 }
            case 0x0A, 0x0D: return nil
            default: break
            }
        }
        return nil
    }
}
