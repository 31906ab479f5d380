// The answer to a body: how many events there were, and what became of each.

import JSON

/// The seed's `received` and `created` (section 2.2.5), and what became of the others.
struct IngestReport {
    let adapter: String
    let adapted: AdaptedBody
    let counts: DeliveryCounts

    /// Errors that are named, and entries of the report, at the most.
    static let maximumErrors = 100
    static let maximumEntries = 1_000
    /// Bodies of so many events are reported event by event without being asked.
    static let unasked = 100

    /// - Parameter isAsked: whether the query has `report=1`.
    func json(isAsked: Bool) -> JSONValue {
        var report: JSONObject = [
            "received": .integer(adapted.received),
            "created": .integer(counts.created),
            "updated": .integer(counts.updated),
            "resolved": .integer(counts.resolved),
            "duplicates": .integer(counts.duplicates),
            "ignored": .integer(adapted.ignored.count),
            "failed": .integer(adapted.problems.count),
            "errors": .array(
                adapted.problems.prefix(Self.maximumErrors).map { problem in
                    [
                        "index": .integer(problem.index), "field": .string(problem.field),
                        "message": .string(problem.message),
                    ]
                }
            ),
            "format": .string(adapter),
        ]
        if let note = adapted.note { report["note"] = .string(note) }
        if let gap = adapted.gap { report["truncated"] = .integer(gap.missing) }
        if isAsked || adapted.received <= Self.unasked {
            let entries = entries
            report["report"] = .array(entries.prefix(Self.maximumEntries).map(\.json))
            if entries.count > Self.maximumEntries { report["report_truncated"] = true }
        }
        return .object(report)
    }

    private struct Entry {
        var index: Int
        var result: String
        var alertID: Int64?
        var message: String?

        var json: JSONValue {
            var object: JSONObject = ["index": .integer(index), "result": .string(result)]
            if let alertID { object["alert_id"] = .integer(alertID) }
            if let message { object["message"] = .string(message) }
            return .object(object)
        }
    }

    /// One for each event, in the order of the body.
    private var entries: [Entry] {
        let kept = counts.events.map { Entry(index: $0.index, result: $0.kind.rawValue, alertID: $0.alertID) }
        let ignored = adapted.ignored.map { Entry(index: $0.index, result: "ignored", message: $0.message) }
        let failed = adapted.problems.map { problem in
            let message = problem.field.isEmpty ? problem.message : "\(problem.field): \(problem.message)"
            return Entry(index: problem.index, result: "failed", message: message)
        }
        return (kept + ignored + failed).sorted { $0.index < $1.index }
    }
}
