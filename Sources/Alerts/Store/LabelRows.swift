// The index of labels, by which lists are filtered and counts grouped.

import JSON
import Storage

enum LabelRows {
    private static let insertion = BatchInsert("alert_label", ["alert_id", "name", "value"])

    static func insert(_ labels: [(alert: Int64, labels: [Label])], _ connection: any SQLConnection) throws {
        var rows: [[SQLValue]] = []
        for (alert, labels) in labels {
            for label in labels { rows.append([.integer(alert), .text(label.name), .text(label.value)]) }
        }
        try insertion.run(rows, connection)
    }

    static func delete(alerts: [Int64], _ connection: any SQLConnection) throws {
        guard !alerts.isEmpty else { return }
        let list = JSONValue.array(alerts.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("alert_id", "$1")
        _ = try connection.execute("DELETE FROM alert_label WHERE \(among)", [.text(list)])
    }
}
