// What was spent before limits began to count, from the books.

package import Storage

/// Money by subject, of the day and the month in which it was read.
package struct SpendingHistory: Sendable {
    struct Spent: Sendable, Hashable {
        var day: Int64 = 0
        var month: Int64 = 0
    }

    var day: Int64 = 0
    var month: Int64 = 0
    var spent: [LimitScope: Spent] = [:]

    package init() {}

    /// Sums the usage rows of the month that `now` is in, by UTC.
    ///
    /// - Parameters:
    ///   - now: epoch milliseconds.
    ///   - routeSubject: the subject of a route.
    package static func read(
        _ database: any Database,
        now: Int64,
        routeSubject: @escaping @Sendable (String) -> String
    ) async throws -> SpendingHistory {
        let day = BudgetPeriod.day(now)
        return try await database.read { connection in
            var history = SpendingHistory()
            history.day = day
            history.month = BudgetPeriod.month(now)
            let rows = try connection.query(
                """
                SELECT user_id, credential_kind, credential_id, bot_id, route, CAST(SUM(cost_micros) AS BIGINT) AS month,
                    CAST(SUM(CASE WHEN started_at >= $2 THEN cost_micros ELSE 0 END) AS BIGINT) AS day
                FROM usage_record WHERE started_at >= $1
                GROUP BY user_id, credential_kind, credential_id, bot_id, route
                """,
                [.integer(BudgetPeriod.monthStart(now)), .integer(day * BudgetPeriod.dayLength)]
            )
            for row in rows {
                let (today, month) = (try row.int("day"), try row.int("month"))
                guard month != 0 else { continue }
                var scopes = [LimitScope(.user, String(try row.int("user_id")))]
                if try row.text("credential_kind") == "api_secret", let id = try row.optionalInt("credential_id") {
                    scopes.append(LimitScope(.secret, String(id)))
                }
                if let bot = try row.optionalText("bot_id") { scopes.append(LimitScope(.bot, bot)) }
                scopes.append(LimitScope(.route, routeSubject(try row.text("route"))))
                for scope in scopes {
                    history.spent[scope, default: Spent()].day += today
                    history.spent[scope, default: Spent()].month += month
                }
            }
            return history
        }
    }
}
