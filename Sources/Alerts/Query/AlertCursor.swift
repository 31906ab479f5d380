// Where a list of a tool goes on: the last row shown, in the list's order.

import Resources
import Storage

/// The place of a row in the order of `alerts_list`: what goes on first, worst first, newest first.
struct AlertCursor: Sendable, Hashable {
    /// 0 while it goes on, else 1.
    var rank: Int64
    /// `AlertLevel.rawValue`.
    var level: Int64
    var startedAt: Int64
    var id: Int64

    init(_ alert: Alert) {
        rank = alert.status.isOpen ? 0 : 1
        level = alert.level.rawValue
        startedAt = alert.span.start
        id = alert.id
    }

    /// Reads what `text` wrote; nil when it is none.
    /// - Parameter digest: of the question; a cursor of another question is none.
    init?(_ text: String, digest: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] == digest.prefix(8), let rank = Int64(parts[1]), let level = Int64(parts[2]),
            let startedAt = Int64(parts[3]), let id = Int64(parts[4])
        else { return nil }
        self.rank = rank
        self.level = level
        self.startedAt = startedAt
        self.id = id
    }

    func text(digest: String) -> String {
        "\(digest.prefix(8)).\(rank).\(level).\(startedAt).\(id)"
    }

    private static func rank(_ prefix: String) -> String {
        "CASE WHEN \(prefix)status IN ('firing', 'acknowledged') THEN 0 ELSE 1 END"
    }

    private static func level(_ prefix: String) -> String {
        "CASE \(prefix)level WHEN 'critical' THEN 0 WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END"
    }

    private static let rankTerm = rank("alert.")
    private static let levelTerm = level("alert.")

    /// Where in the order the alerts of a question lie, as far as it tells, so that they are not walked to; and the
    /// order of what it leaves open (with the settled terms in it SQLite would sort).
    struct Place: Sendable {
        var condition: SQLFragment
        var order: String

        init(_ statuses: [AlertStatus] = [], _ levels: [AlertLevel] = []) {
            var conditions: [SQLFragment] = []
            var terms: [String] = []
            let ranks = Set(statuses.map { $0.isOpen ? 0 : 1 })
            if ranks.count == 1, let rank = ranks.first {
                conditions.append("\(raw: rankTerm) = \(raw: String(rank))")
            } else {
                terms.append(rankTerm)
            }
            // Only behind a settled rank: the index begins with that.
            if levels.count == 1, ranks.count == 1 {
                conditions.append("\(raw: levelTerm) = \(raw: String(levels[0].rawValue))")
            } else {
                terms.append(levelTerm)
            }
            condition = SQLFragment.joined(conditions, " AND ", empty: "1 = 1")
            order = (terms + ["alert.started_at DESC", "alert.id DESC"]).joined(separator: ", ")
        }
    }

    /// The same terms as an index has them. A migration stands on them: they never change.
    static let indexTerms = "(\(rank(""))), (\(level(""))), started_at DESC, id DESC"

    /// The rows that come after this one.
    var condition: SQLFragment {
        """
        (\(raw: Self.rankTerm) > \(rank) OR (\(raw: Self.rankTerm) = \(rank) AND (\
        \(raw: Self.levelTerm) > \(level) OR (\(raw: Self.levelTerm) = \(level) AND (\
        alert.started_at < \(startedAt) OR (alert.started_at = \(startedAt) AND alert.id < \(id)))))))
        """
    }
}
