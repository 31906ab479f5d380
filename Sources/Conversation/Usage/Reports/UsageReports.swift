// Answers from the books: rows, sums, and both as CSV.

package import JSON
import Resources
package import Storage

/// Reads usage rows. What a caller may see is part of every `UsageQuery`.
package struct UsageReports: Sendable {
    private let database: any Database

    package init(database: any Database) {
        self.database = database
    }

    /// A page as the envelope's data: rows, or sums where groups are asked for.
    package func page(_ query: UsageQuery) async throws -> JSONValue {
        let spans = try await spans(query)
        let (count, results) = try await database.read { connection -> (Int64, [JSONObject]) in
            let offset = (query.page - 1) * query.pageSize
            if query.groups.isEmpty {
                let total: SQLFragment = "SELECT COUNT(*) AS total FROM usage_record WHERE \(query.condition)"
                let rows = try connection.query(
                    fragment: """
                        SELECT * FROM usage_record WHERE \(query.condition) ORDER BY \(query.ordering)
                        LIMIT \(query.pageSize) OFFSET \(offset)
                        """
                )
                return (
                    try connection.query(fragment: total).first?.int("total") ?? 0, try rows.map(UsageForm.row)
                )
            }
            let sums = Self.sums(query, spans, connection.dialect)
            let total: SQLFragment = "SELECT COUNT(*) AS total FROM (\(sums)) AS g"
            let order = Self.order(query, connection.dialect)
            let rows = try connection.query(
                fragment: "SELECT * FROM (\(sums)) AS g ORDER BY \(order) LIMIT \(query.pageSize) OFFSET \(offset)"
            )
            return (
                try connection.query(fragment: total).first?.int("total") ?? 0,
                try rows.map { try UsageForm.sums($0, query.groups) }
            )
        }
        return [
            "count": .integer(count), "page": .integer(Int64(query.page)), "page_size": .integer(Int64(query.pageSize)),
            "results": .array(results.map(JSONValue.object)),
        ]
    }

    /// The whole as CSV, to be read piece by piece.
    package func file(_ query: UsageQuery) -> UsageFile { UsageFile(query, self) }

    /// Sums of a file at the most.
    private static let maximumSums = 50_000

    /// The sums of a file.
    func allSums(_ query: UsageQuery) async throws -> [JSONObject] {
        let spans = try await spans(query)
        let sums = try await database.read { connection in
            let order = Self.order(query, connection.dialect)
            let all = Self.sums(query, spans, connection.dialect)
            let most = Self.maximumSums + 1
            return try connection.query(fragment: "SELECT * FROM (\(all)) AS g ORDER BY \(order) LIMIT \(most)")
                .map { try UsageForm.sums($0, query.groups) }
        }
        guard sums.count <= Self.maximumSums else {
            throw ResourceError.invalid("group_by", "gives more than \(Self.maximumSums) sums; ask for less at a time")
        }
        return sums
    }

    /// The last row that there is.
    func lastID() async throws -> Int64 {
        try await database.read { connection in
            try connection.query("SELECT COALESCE(MAX(id), 0) AS last FROM usage_record").first?.int("last") ?? 0
        }
    }

    /// Rows after one and up to another, by age.
    func rows(_ query: UsageQuery, after: Int64, upTo last: Int64, count: Int) async throws -> [SQLRow] {
        try await database.read { connection in
            try connection.query(
                fragment: """
                    SELECT * FROM usage_record WHERE id > \(after) AND id <= \(last) AND (\(query.condition))
                    ORDER BY id LIMIT \(count)
                    """
            )
        }
    }

    // MARK: Sums

    /// The offsets between the first and the last row in question.
    private func spans(_ query: UsageQuery) async throws -> ZoneSpans? {
        guard query.groups.contains(.day) else { return nil }
        return try await database.read { connection in
            let row = try connection.query(
                fragment: """
                    SELECT MIN(started_at) AS earliest, MAX(started_at) AS latest FROM usage_record
                    WHERE \(query.condition)
                    """
            ).first
            let from = try row?.optionalInt("earliest") ?? 0
            return ZoneSpans(query.zone, from: from, until: (try row?.optionalInt("latest") ?? 0) + 1)
        }
    }

    private static func order(_ query: UsageQuery, _ dialect: SQLDialect) -> SQLFragment {
        let keys = query.groups.map { $0.ordering(dialect) } + ["currency"]
        return .raw(([query.sumOrdering].compactMap(\.self) + keys).joined(separator: ", "))
    }

    /// Money of different currencies is never added up: each has its own line.
    private static func sums(_ query: UsageQuery, _ spans: ZoneSpans?, _ dialect: SQLDialect) -> SQLFragment {
        let day = spans?.dayNumber("started_at") ?? "0"
        let keys = (query.groups.map(\.column) + ["currency"]).joined(separator: ", ")
        func sum(_ expression: String, _ name: String) -> String { "CAST(SUM(\(expression)) AS BIGINT) AS \(name)" }
        let columns = [
            sum("counted", "requests"), sum("CASE WHEN outcome = 'finished' THEN 0 ELSE counted END", "errors"),
            sum("prompt_tokens", "prompt_tokens"), sum("completion_tokens", "completion_tokens"),
            sum("cached_tokens", "cached_tokens"), sum("cache_write_tokens", "cache_write_tokens"),
            sum("reasoning_tokens", "reasoning_tokens"), sum("counted * is_estimated", "estimated_requests"),
            sum("cost_micros", "cost_micros"), sum("counted * (1 - is_cost_known)", "unpriced_requests"),
        ].joined(separator: ", ")
        // The day inside: PostgreSQL takes no expression with parameters for the same one twice.
        return """
            SELECT \(raw: keys), \(raw: columns) FROM (
                SELECT usage_record.*, \(day) AS day_number,
                    CASE WHEN credential_kind = 'api_secret' THEN credential_id END AS secret_id
                FROM \(raw: query.isOfTargets ? parts : turns) AS usage_record
                WHERE \(query.isOfTargets ? query.partCondition : query.condition)
            ) AS u GROUP BY \(raw: keys)
            """
    }

    private static let turns = "(SELECT usage_record.*, 1 AS counted FROM usage_record)"

    /// A line for each target of a turn, with what it used; the turn itself counts once, at the last of them.
    private static let parts: String = {
        // Of the turn as a whole, as it is counted: a sum by models has as many as one without them.
        let ofTarget = UsageShare.ofTarget.filter { $0 != "is_estimated" && $0 != "is_cost_known" }
        let own = (["id"] + UsageRow.columns).filter { !ofTarget.contains($0) }.map { "r.\($0)" }
        let shared = ofTarget.map { "CASE WHEN s.usage_id IS NULL THEN r.\($0) ELSE s.\($0) END AS \($0)" }
        let columns = (own + shared + ["COALESCE(s.is_last, 1) AS counted"]).joined(separator: ", ")
        return "(SELECT \(columns) FROM usage_record r LEFT JOIN usage_share s ON s.usage_id = r.id)"
    }()
}
