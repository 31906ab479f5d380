// What follows when a person or a rule has ended alerts.

import Storage

enum AlertEffects {
    /// To be called first in a transaction that will end alerts, before any other statement: on PostgreSQL it puts
    /// those who change the groups of a team in a row (see `PipelineLocks`).
    ///
    /// - Returns: the rules.
    static func begin(_ shelf: RuleShelf, _ connection: any SQLConnection) throws -> RuleBook {
        try PipelineLocks.begin(connection)
        let rules = try shelf.book(connection)
        try PipelineLocks.take([], rules, connection)
        return rules
    }

    /// Members end with their aggregate, aggregates and incidents with the last of theirs, and whoever was told is to
    /// be told of the end.
    ///
    /// - Parameter alerts: just ended, and written so.
    /// - Returns: how many notices were new, besides those of ends.
    @discardableResult
    static func ended(
        _ alerts: [Alert],
        rules: RuleBook,
        now: Int64,
        _ connection: any SQLConnection
    ) throws -> Int {
        guard !alerts.isEmpty else { return 0 }
        var work = PipelineWork(connection: connection, rules: rules, now: now)
        let aggregates = alerts.filter { $0.handling.kind == .aggregate }
        let byID = Dictionary(aggregates.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var members = try AggregateRows.openMembers(aggregates.map(\.id), connection)
        for place in members.indices {
            guard let aggregate = members[place].handling.aggregate.flatMap({ byID[$0] }) else { continue }
            members[place].end(
                as: aggregate.status,
                by: aggregate.handling.closedBy ?? "",
                reason: aggregate.handling.closeReason ?? "",
                now: now
            )
            members[place].updatedAt = now
        }
        try AlertRows.updateTimes(members, connection)
        try HandlingRows.update(members, connection)
        for alert in alerts + members {
            var before = alert
            before.status = .firing
            work.add(alert, before: before)
            if let aggregate = alert.handling.aggregate, byID[aggregate] == nil {
                work.aggregates.changed(alert, before: before, in: aggregate)
            }
            if let incident = alert.handling.incident { work.incidents.insert(incident) }
        }
        return try work.settle()
    }
}
