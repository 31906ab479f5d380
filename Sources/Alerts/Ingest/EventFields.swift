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
        guard let member = view[name], let text = Self.text(member) else { return nil }
        guard text.utf8.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }) else { return nil }
        return text.cut(to: limit)
    }

    /// A moment in epoch milliseconds; nil when absent, null, empty or a zero time.
    ///
    /// - Throws: a problem that names the member, when something is there that is no time.
    func moment(_ name: String) throws(EventProblem) -> Int64? {
        guard let member = view[name] else { return nil }
        let moment: Timestamp
        do {
            switch member.kind {
            case .null: return nil
            case .string:
                let text = member.string ?? ""
                if text.isEmpty { return nil }
                moment = try Timestamp(parsing: text, zone: context.zone)
            default:
                moment = try Timestamp(json: member.value, zone: context.zone)
            }
        } catch {
            throw EventProblem(index: index, field: name, message: error.message)
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
        var labels: [Label] = []
        for inner in member.members {
            guard let text = Self.text(inner.value) else { continue }
            labels.append(Label(inner.key.storable, text))
        }
        return labels.normalised
    }

    /// The event as it came, bounded.
    var raw: String {
        String(decoding: view.rawBytes.prefix(TextLimits.raw), as: UTF8.self).cut(to: TextLimits.raw)
    }

    private static func text(_ view: JSONView) -> String? {
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
