// Reads members of an event, whatever type the sender gave them, within the bounds of what is stored.

import JSON
import Resources

/// The members of one event.
struct EventFields {
    let index: Int
    let view: JSONView
    let context: AdapterContext

    /// A member as text: strings as they are, numbers and booleans as written; nil when absent, null, empty or blank.
    func text(_ name: String, limit: Int) -> String? {
        Self.text(view[name], limit: limit)
    }

    /// The first of these members that says something.
    func text(_ names: [String], limit: Int) -> String? {
        for name in names {
            if let text = text(name, limit: limit) { return text }
        }
        return nil
    }

    static func text(_ member: JSONView?, limit: Int) -> String? {
        guard let member, let text = Self.text(member), !text.isBlank else { return nil }
        return text.cut(to: limit)
    }

    /// A moment in epoch milliseconds; nil when absent, null, empty or a zero time.
    ///
    /// - Throws: a problem that names the member, when something is there that is no time.
    func moment(_ name: String) throws(EventProblem) -> Int64? {
        guard let member = view[name] else { return nil }
        do throws(TimestampError) {
            return try moment(of: member)
        } catch {
            throw EventProblem(index: index, field: name, message: error.message)
        }
    }

    /// As `moment`, for a value that is at hand.
    func moment(of member: JSONView) throws(TimestampError) -> Int64? {
        let moment: Timestamp
        switch member.kind {
        case .null: return nil
        case .string:
            let text = member.string ?? ""
            if text.isBlank { return nil }
            moment = try Timestamp(parsing: text.withISODate, zone: context.zone)
        case .number:
            moment = try Timestamp(json: member.value, zone: context.zone)
        default:
            throw TimestampError("must be a time: ISO 8601 text, or epoch seconds or milliseconds")
        }
        // 0001-01-01T00:00:00Z is how Go writes "no time"; a number 0 is how others do.
        return moment.milliseconds <= 0 ? nil : moment.milliseconds
    }

    /// Labels or annotations: an object whose values become texts.
    ///
    /// - Throws: a problem that names the member, when it is there and no object.
    func labels(_ name: String) throws(EventProblem) -> [Label] {
        guard let member = view[name], !member.isNull else { return [] }
        guard member.kind == .object else {
            throw EventProblem(index: index, field: name, message: "must be an object")
        }
        return Self.labels(of: member)
    }

    /// The event as it came, bounded; without the secret, where the event is the body itself.
    var raw: String {
        if view.members.contains(where: Self.isSecret) {
            var object: JSONObject = [:]
            for member in view.members where !Self.isSecret(member) { object[member.key] = member.value.value }
            return JSONValue.object(object).text.cut(to: TextLimits.raw)
        }
        return String(decoding: view.rawBytes.prefix(TextLimits.raw), as: UTF8.self).cut(to: TextLimits.raw)
    }

    /// Scripts may send all their parameters along: the secret, and the address with the secret in it.
    private static func isSecret(_ member: JSONMember) -> Bool {
        if secretNames.contains(where: { member.keyEquals($0) }) { return true }
        guard addressNames.contains(where: { member.keyEquals($0) }) else { return false }
        return member.value.string.map { $0.contains("secret=") || $0.contains("token=") } ?? false
    }

    private static let secretNames = ["secret", "SECRET", "Secret", "HTTP_SECRET", "token", "Token"]
    private static let addressNames = ["url", "URL", "Url", "webhook_url"]

    static func text(_ view: JSONView) -> String? {
        switch view.kind {
        case .null: nil
        case .string: view.string?.storable
        default: String(decoding: view.rawBytes, as: UTF8.self)
        }
    }
}

extension [Label] {
    /// Within what is stored: names and values cut, and no more than `TextLimits.labels`.
    func bounded(valueLimit: Int) -> [Label] {
        let isSmall =
            count <= TextLimits.labels
            && allSatisfy { $0.name.utf8.count <= TextLimits.labelName && $0.value.utf8.count <= valueLimit }
        if isSmall { return self }
        return prefix(TextLimits.labels)
            .map { Label($0.name.cut(to: TextLimits.labelName), $0.value.cut(to: valueLimit)) }
            .normalised
    }

    /// The machine that the labels name: `instance`, `host`, `hostname`, `node`, `pod`, without scheme and port.
    var host: String {
        for name in ["instance", "host", "hostname", "node", "pod", "ip"] {
            if let value = self[name: name], !value.isEmpty { return Self.hostPart(of: value).cut(to: 255) }
        }
        return ""
    }

    /// `http://db-1:9100/x` → `db-1`; `[::1]:9100` → `::1`; `db-1` → `db-1`.
    static func hostPart(of text: String) -> String {
        var rest = Substring(text)
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        if let path = rest.firstIndex(of: "/") { rest = rest[..<path] }
        if rest.first == "[", let close = rest.firstIndex(of: "]") {
            return String(rest[rest.index(after: rest.startIndex)..<close])
        }
        if let colon = rest.lastIndex(of: ":"), rest.firstIndex(of: ":") == colon,
            rest[rest.index(after: colon)...].allSatisfy(\.isNumber)
        {
            rest = rest[..<colon]
        }
        return String(rest)
    }
}
