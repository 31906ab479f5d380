// What is asked of the books: conditions, groups, a zone for days, pages, a form.

package import Identity
package import Resources
import Storage

/// The query parameters of the usage list, read and checked.
package struct UsageQuery: Sendable {
    package enum Format: String, Sendable {
        case json
        case csv
    }

    package private(set) var page = 1
    package private(set) var pageSize = 20
    package private(set) var format = Format.json
    /// Empty: rows; else sums, one for each combination.
    package private(set) var groups: [UsageGroup] = []
    /// Where days begin and end.
    package private(set) var zone = ZoneRule.utc
    private(set) var ordering: SQLFragment = "started_at DESC, id DESC"
    /// What sums are ordered by before their keys, if by anything.
    private(set) var sumOrdering: String?
    /// As it was asked for.
    private var wanted: String?
    private(set) var conditions: [SQLFragment] = []
    /// Of the target, which a turn may have several of.
    private(set) var targetConditions: [SQLFragment] = []

    /// Filters that compare a column, one of several values between commas.
    private static let texts: [String: String] = [
        "user": "username", "bot": "bot_id", "model": "model", "provider": "provider", "route": "route",
        "surface": "surface", "outcome": "outcome", "error_type": "error_type", "request_id": "request_id",
        "trace_id": "trace_id",
    ]
    private static let orderings: [String: String] = [
        "started_at": "started_at", "duration": "duration_ms", "cost": "cost_micros",
        "tokens": "(prompt_tokens + completion_tokens)",
    ]
    private static let sumOrderings: [String: String] = [
        "cost": "cost_micros", "tokens": "(prompt_tokens + completion_tokens)", "requests": "requests",
    ]

    /// - Parameter query: names and values, percent-decoded.
    /// - Throws: `.invalid` with every parameter that is wrong.
    package init(_ query: [(String, String)], caller: Caller) throws(ResourceError) {
        var errors: [FieldError] = []
        var seen: Set<String> = []
        // The zone first: times without one are in it.
        if let name = query.first(where: { $0.0 == "time_zone" })?.1 {
            if let zone = ZoneRule(name: name) {
                self.zone = zone
            } else {
                errors.append(
                    FieldError("time_zone", "must be a name such as Europe/Berlin or an offset such as +08:00")
                )
            }
        }
        for (name, value) in query {
            guard seen.insert(name).inserted else {
                errors.append(FieldError(name, "is given twice"))
                continue
            }
            if let fault = take(name, value) { errors.append(FieldError(name, fault)) }
        }
        if let fault = settleOrdering() { errors.append(FieldError("ordering", fault)) }
        if !errors.isEmpty { throw .invalid(Array(errors.prefix(50))) }
        if let scope = caller.teamCondition(column: "team") { conditions.append(scope) }
    }

    private mutating func take(_ name: String, _ value: String) -> String? {
        switch name {
        case "page": return Self.take(value, 1...1_000_000, &page)
        case "page_size": return Self.take(value, 1...1_000, &pageSize)
        case "time_zone": return nil
        case "format":
            guard let known = Format(rawValue: value) else { return "must be json or csv" }
            format = known
        case "group_by":
            var groups: [UsageGroup] = []
            for part in value.split(separator: ",", omittingEmptySubsequences: false) {
                guard let group = UsageGroup(rawValue: String(part)), !groups.contains(group) else {
                    return "must be some of \(UsageGroup.allCases.map(\.rawValue).joined(separator: ", ")), each once"
                }
                groups.append(group)
            }
            self.groups = groups
        case "ordering":
            wanted = value
        case "since", "until":
            guard let time = try? Timestamp(query: value, zone: zone) else {
                return "must be a time: ISO 8601, or epoch seconds or milliseconds"
            }
            conditions.append(name == "since" ? "started_at >= \(time)" : "started_at < \(time)")
        case "secret":
            let ids = value.split(separator: ",", omittingEmptySubsequences: false).map { Int64($0) }
            guard ids.count <= 100, ids.allSatisfy({ $0 != nil }) else { return "must be the ids of API secrets" }
            let list = ids.compactMap { $0.map(SQLValue.integer) }
            conditions.append("credential_kind = 'api_secret' AND credential_id IN (\(list: list))")
        default: return takeText(name, value)
        }
        return nil
    }

    /// What can be ordered depends on what is asked for: rows, sums, a file.
    private mutating func settleOrdering() -> String? {
        guard let wanted else { return nil }
        if groups.isEmpty, format == .csv { return "does not go with a file of rows, which is by age" }
        let known = groups.isEmpty ? Self.orderings : Self.sumOrderings
        let isDescending = wanted.hasPrefix("-")
        guard let column = known[String(wanted.dropFirst(isDescending ? 1 : 0))] else {
            return "must be one of \(known.keys.sorted().joined(separator: ", ")), perhaps with a - before it"
        }
        let direction = isDescending ? "DESC" : "ASC"
        if groups.isEmpty {
            ordering = "\(raw: column) \(raw: direction), id \(raw: direction)"
        } else {
            sumOrdering = "\(column) \(direction)"
        }
        return nil
    }

    private mutating func takeText(_ name: String, _ value: String) -> String? {
        guard let column = Self.texts[name] else { return "is not a parameter of this list" }
        let values = value.split(separator: ",").map(String.init)
        guard (1...100).contains(values.count), !value.contains("\0") else {
            return "must be one value, or some with commas"
        }
        if name == "error_type", let wrong = values.first(where: { ErrorType(rawValue: $0) == nil }) {
            return "\(wrong.prefix(60)) is no error type"
        }
        let condition: SQLFragment = "\(raw: column) IN (\(list: values.map(SQLValue.text)))"
        if name == "model" || name == "provider" {
            targetConditions.append(condition)
        } else {
            conditions.append(condition)
        }
        return nil
    }

    private static func take(_ text: String, _ range: ClosedRange<Int>, _ value: inout Int) -> String? {
        guard let number = Int(text), range.contains(number) else {
            return "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        }
        value = number
        return nil
    }

    /// All conditions on rows, the caller's teams included: a turn is found by each of its targets.
    var condition: SQLFragment {
        guard !targetConditions.isEmpty else { return .joined(conditions, " AND ", empty: "1 = 1") }
        let target = SQLFragment.joined(targetConditions, " AND ", empty: "1 = 1")
        let either: SQLFragment = "((\(target)) OR id IN (SELECT usage_id FROM usage_share WHERE \(target)))"
        return .joined(conditions + [either], " AND ", empty: "1 = 1")
    }

    /// Whether sums are of targets' parts, not of whole turns.
    var isOfTargets: Bool { !targetConditions.isEmpty || groups.contains(.model) || groups.contains(.provider) }

    /// All conditions on targets' parts.
    var partCondition: SQLFragment { .joined(conditions + targetConditions, " AND ", empty: "1 = 1") }
}
