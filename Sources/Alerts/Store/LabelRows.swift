// The index of labels, by which lists are filtered and counts grouped.

import Storage

/// The labels of an alert.
struct AlertLabels {
    var alert: Int64
    var labels: [Label]
}

enum LabelRows {
    private static let insertion = BatchInsert("alert_label", ["name", "value", "alert_id"])

    static func insert(_ labels: [AlertLabels], _ connection: any SQLConnection) throws {
        var rows = labels.flatMap { item in item.labels.map { (label: $0, alert: item.alert) } }
        // Neighbours in the tree one after the other, so that the pages of the tree stay at hand.
        rows.sort { ($0.label.name, $0.label.value, $0.alert) < ($1.label.name, $1.label.value, $1.alert) }
        try insertion.run(
            rows.map { [.text($0.label.name), .text($0.label.value), .integer($0.alert)] },
            connection
        )
    }

    /// Removes labels that an alert had. One statement for each, since alerts seldom change theirs.
    static func delete(_ labels: [AlertLabels], _ connection: any SQLConnection) throws {
        for item in labels {
            for label in item.labels {
                try connection.execute(
                    "DELETE FROM alert_label WHERE name = $1 AND value = $2 AND alert_id = $3",
                    [.text(label.name), .text(label.value), .integer(item.alert)]
                )
            }
        }
    }
}
