// The rules in the store, and the mark by which a remembered book is known to be good.

import Resources
import Storage

/// What changes with every change of a rule or a channel.
struct RuleStamp: Equatable {
    var version: Int64
    var channels: Int64
    var newestChannel: Int64
}

/// A row that is no rule any more.
struct UnreadableRule {
    var table: String
    var id: Int64
    var faults: RuleFaults
}

enum RuleRows {
    /// Channels do not know of rules; their number and newest change are looked at instead.
    static func stamp(_ connection: any SQLConnection) throws -> RuleStamp {
        let rows = try connection.query(
            """
            SELECT version, (SELECT COUNT(*) FROM notification_channel) AS channels,
                (SELECT COALESCE(MAX(updated_at), 0) FROM notification_channel) AS newest
            FROM alert_rule_version WHERE id = 1
            """
        )
        guard let row = rows.first else { throw DatabaseError(.decoding, "alert_rule_version has no row") }
        return RuleStamp(
            version: try row.int("version"),
            channels: try row.int("channels"),
            newestChannel: try row.int("newest")
        )
    }

    /// Makes every remembered book a thing of the past, once this transaction is committed.
    ///
    /// The version is a random number and not the next one: a book that was read in a transaction which was rolled back
    /// must not look like the book of the transaction that came after it.
    static func change(_ connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE alert_rule_version SET version = $1 WHERE id = 1",
            [.integer(Int64.random(in: 1...Int64.max))]
        )
    }

    static func book(_ connection: any SQLConnection) throws -> (book: RuleBook, failures: [UnreadableRule]) {
        var book = RuleBook.empty
        var failures: [UnreadableRule] = []
        book.shields = try read("alert_shield", order: "id", connection, &failures) {
            record throws(RuleFaults) in try ShieldRule(record)
        }
        book.assignments = try read("alert_assignment", connection, &failures) {
            record throws(RuleFaults) in try AssignmentRule(record)
        }
        book.aggregations = try read("alert_aggregation_rule", connection, &failures) {
            record throws(RuleFaults) in try AggregationRule(record)
        }
        book.correlations = try read("alert_correlation_rule", connection, &failures) {
            record throws(RuleFaults) in try CorrelationRule(record)
        }
        for row in try connection.query("SELECT id, channel_type FROM notification_channel") {
            book.channelTypes[try row.int("id")] = try row.text("channel_type")
        }
        return (book, failures)
    }

    private static func read<Rule>(
        _ table: String,
        order: String = "priority, id",
        _ connection: any SQLConnection,
        _ failures: inout [UnreadableRule],
        _ rule: (ResourceRecord) throws(RuleFaults) -> Rule
    ) throws -> [Rule] {
        var rules: [Rule] = []
        for row in try connection.query("SELECT * FROM \(table) WHERE is_active = 1 ORDER BY \(order)") {
            let record = ResourceRecord(
                Dictionary(zip(row.columns, row.values), uniquingKeysWith: { first, _ in first })
            )
            do throws(RuleFaults) {
                rules.append(try rule(record))
            } catch {
                failures.append(UnreadableRule(table: table, id: record.id, faults: error))
            }
        }
        return rules
    }
}
