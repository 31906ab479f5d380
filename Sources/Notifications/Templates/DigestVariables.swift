// The variables of digests: many notices in one message, counted, the worst by name.

import JSON

enum DigestVariables {
    /// Notices that a digest names.
    static let named = 20

    /// - Parameters:
    ///   - contents: the notices at hand.
    ///   - total: how many there are; more than those at hand when the rest was not loaded.
    static func many(_ contents: [NoticeContent], total: Int, channel: String) -> JSONObject {
        let total = max(total, contents.count)
        let ordered = contents.enumerated().sorted { first, second in
            let left = rank(first.element)
            let right = rank(second.element)
            return left == right ? first.offset < second.offset : left < right
        }
        let worst = ordered.prefix(named).map { NoticeVariables.one($0.element.variables, channel: channel) }
        let level = ordered.first?.element.variables["level"]?.string ?? ""
        return [
            "total": .integer(total),
            "title": .string("\(total) notices"),
            "level": .string(level),
            "level_name": .string(level.uppercased()),
            "by_level": .array(counts(contents, "level", order: levels)),
            "by_status": .array(counts(contents, "status", order: [])),
            "notices": .array(worst.map { .object($0) }),
            "shown": .integer(worst.count),
            "not_shown": .integer(total - worst.count),
            "has_more": .bool(total > worst.count),
            "link": .string(listLink(contents)),
            "channel": .string(channel),
        ]
    }

    private static let levels = ["critical", "error", "warning", "info"]

    /// What goes on before what is over, then by level.
    private static func rank(_ content: NoticeContent) -> Int {
        let level = levels.firstIndex(of: content.variables["level"]?.string ?? "") ?? levels.count
        let kind = NoticeTransition(rawValue: content.variables["transition"]?.string ?? "")
        return (kind == .recovered || kind == .incidentClosed ? 10 : 0) + level
    }

    /// `[{name, count}]`, in the given order, then by name.
    private static func counts(_ contents: [NoticeContent], _ variable: String, order: [String]) -> [JSONValue] {
        var counts: [String: Int] = [:]
        for content in contents {
            let name = content.variables[variable]?.string ?? ""
            counts[name.isEmpty ? "unknown" : name, default: 0] += 1
        }
        let names = counts.keys.sorted { first, second in
            let left = order.firstIndex(of: first) ?? order.count
            let right = order.firstIndex(of: second) ?? order.count
            return left == right ? first < second : left < right
        }
        return names.map { ["name": .string($0), "count": .integer(counts[$0] ?? 0)] }
    }

    /// The link to the list, if the composer gave one; else of the only notice.
    private static func listLink(_ contents: [NoticeContent]) -> String {
        let link = contents.lazy.map { NoticeVariables.safeLink($0.variables["list_link"]) }.first { !$0.isEmpty }
        return link ?? (contents.count == 1 ? NoticeVariables.safeLink(contents[0].variables["link"]) : "")
    }
}
