// Where limits come from: files, and the table that administrators write.

import JSON
import Storage

/// The sources of the `LimitBook`.
package struct LimitSources: Sendable {
    /// By bot id, from bots' files.
    package var bots: @Sendable () -> [(id: String, limits: LimitSet)]
    /// By route, from the provider file.
    package var routes: @Sendable () -> [String: LimitSet]
    /// The subject under which a route is limited that nothing was said of: its name, or that of many together.
    package var routeSubject: @Sendable (String) -> String

    package init(
        bots: @escaping @Sendable () -> [(id: String, limits: LimitSet)] = { [] },
        routes: @escaping @Sendable () -> [String: LimitSet] = { [:] },
        routeSubject: @escaping @Sendable (String) -> String = { $0 }
    ) {
        self.bots = bots
        self.routes = routes
        self.routeSubject = routeSubject
    }

    /// All of them together.
    func book(with stored: [LimitedScope]) -> LimitBook {
        var book = LimitBook()
        for limited in stored { book.add(limited.limits, to: limited.scope) }
        for bot in bots() { book.add(bot.limits, to: LimitScope(.bot, bot.id)) }
        for (route, limits) in routes() { book.add(limits, to: LimitScope(.route, route)) }
        return book
    }

    /// What administrators have set.
    static func stored(_ connection: any SQLConnection) throws -> [LimitedScope] {
        let rows = try connection.query(
            """
            SELECT scope, subject, requests_per_minute, tokens_per_minute, concurrent, budget_day, budget_month
            FROM limit_rule WHERE is_active = 1 ORDER BY id
            """
        )
        return try rows.compactMap { row in
            guard let kind = LimitScope.Kind(rawValue: try row.text("scope")) else { return nil }
            return LimitedScope(
                LimitScope(kind, try row.text("subject")),
                LimitSet(
                    requestsPerMinute: try row.optionalInt("requests_per_minute").map(Int.init),
                    tokensPerMinute: try row.optionalInt("tokens_per_minute").map(Int.init),
                    concurrent: try row.optionalInt("concurrent").map(Int.init),
                    budgetDay: try row.optionalReal("budget_day").map(LimitSet.micros),
                    budgetMonth: try row.optionalReal("budget_month").map(LimitSet.micros)
                )
            )
        }
    }
}
