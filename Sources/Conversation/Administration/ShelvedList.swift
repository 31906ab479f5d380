// A list of rows and of entries that are no rows, filtered, ordered and paged in memory: there are few of them.

import JSON
import Resources

/// The parameters of such a list: those that every list has, and equality of some members.
struct ShelvedList {
    /// Members that can be filtered by.
    let filters: [String]
    /// Members that `search` looks into.
    let searched: [String]
    /// Members that can be ordered by; the first is the usual order.
    let ordered: [String]

    /// - Throws: `ResourceError.invalid`, each unknown or wrong parameter named.
    func page(of rows: [JSONObject], query: [(String, String)]) throws(ResourceError) -> ResourcePage {
        var rows = rows
        var page = 1
        var size = ListRequest.defaultPageSize
        var ordering = ordered[0]
        var seen: Set<String> = []
        var errors: [FieldError] = []
        func number(_ name: String, _ value: String, _ maximum: Int) -> Int {
            guard let number = Int(value), (1...maximum).contains(number) else {
                errors.append(FieldError(name, "must be an integer from 1 to \(maximum)"))
                return 1
            }
            return number
        }
        for (name, value) in query {
            guard seen.insert(name).inserted else {
                errors.append(FieldError(name, "is given twice"))
                continue
            }
            switch name {
            case "page": page = number(name, value, ListRequest.maximumPage)
            case "page_size": size = number(name, value, ListRequest.maximumPageSize)
            case "search":
                let wanted = value.lowercased()
                rows.removeAll { row in
                    !searched.contains { row[$0]?.string?.lowercased().contains(wanted) ?? false }
                }
            case "ordering":
                ordering = value
                if !ordered.contains(value.hasPrefix("-") ? String(value.dropFirst()) : value) {
                    errors.append(FieldError(name, "must be one of \(ordered.joined(separator: ", ")), or - before it"))
                }
            case _ where filters.contains(name):
                let wanted = Set(value.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
                rows.removeAll { !wanted.contains(Self.plain($0[name])) }
            default: errors.append(FieldError(name, "is not a parameter of this list"))
            }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        let isDescending = ordering.hasPrefix("-")
        let key = isDescending ? String(ordering.dropFirst()) : ordering
        let sorted = rows.sorted { left, right in
            if let first = left[key]?.number?.int, let second = right[key]?.number?.int, first != second {
                return isDescending ? first > second : first < second
            }
            let (first, second) = (Self.plain(left[key]), Self.plain(right[key]))
            if first != second { return isDescending ? first > second : first < second }
            return (left["id"]?.number?.int ?? 0) < (right["id"]?.number?.int ?? 0)
        }
        return ResourcePage(
            count: Int64(rows.count),
            page: page,
            pageSize: size,
            results: Array(sorted.dropFirst((page - 1) * size).prefix(size))
        )
    }

    /// A value as a parameter gives it.
    private static func plain(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .number(let number): number.text
        default: ""
        }
    }
}
