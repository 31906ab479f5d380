// Conditions on alerts, as SQL for both engines: used by the list's parameters and by the tools alike.

import JSON
package import Resources
package import Storage

/// One label that an alert must have, or must not have.
package struct LabelMatcher: Sendable, Hashable {
    package var name: String
    package var value: String
    package var isNegated: Bool

    package init(name: String, value: String, isNegated: Bool = false) {
        self.name = name
        self.value = value
        self.isNegated = isNegated
    }

    /// `name=value` or `name!=value`; nil when it is neither.
    package init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        let before = text.index(before: equals)
        isNegated = text[before] == "!"
        name = String(text[..<(isNegated ? before : equals)])
        value = String(text[text.index(after: equals)...])
        if name.isEmpty { return nil }
    }

    package var text: String { "\(name)\(isNegated ? "!=" : "=")\(value)" }
}

/// The table stands under its own name.
package enum AlertConditions {
    package static func levels(_ levels: [AlertLevel]) -> SQLFragment {
        "alert.level IN (\(list: several(levels.map(\.name))))"
    }

    package static func statuses(_ statuses: [AlertStatus]) -> SQLFragment {
        "alert.status IN (\(list: several(statuses.map(\.rawValue))))"
    }

    /// At least two values. SQLite takes a single one for an equation, puts the value in the column's place in all other
    /// terms, and then no longer knows the terms of `ix_alert_urgency` again.
    private static func several(_ values: [String]) -> [SQLValue] {
        (values.count == 1 ? values + values : values).map { .text($0) }
    }

    /// Sources by what senders call them.
    package static func sources(_ names: [String]) -> SQLFragment {
        "alert.source IN (SELECT s.id FROM alert_source s WHERE s.source_id IN (\(list: names.map { .text($0) })))"
    }

    /// Sources by what people call them.
    package static func sourceNames(_ names: [String]) -> SQLFragment {
        "alert.source IN (SELECT s.id FROM alert_source s WHERE s.name IN (\(list: names.map { .text($0) })))"
    }

    /// Goes on, or is over.
    package static func isOpen(_ isOpen: Bool) -> SQLFragment {
        isOpen ? "alert.status IN ('firing', 'acknowledged')" : "alert.status IN ('resolved', 'closed')"
    }

    /// In one of bk-lite's states.
    package static func handling(_ states: [HandlingState]) -> SQLFragment {
        var conditions: [SQLFragment] = []
        let statuses = states.compactMap(\.status)
        if !statuses.isEmpty { conditions.append(Self.statuses(statuses)) }
        if states.contains(.unassigned) != states.contains(.pending) {
            let isUnassigned = states.contains(.unassigned)
            conditions.append(
                "alert.status = 'firing' AND alert.operators \(raw: isUnassigned ? "=" : "<>") '[]'"
            )
        } else if states.contains(.pending) {
            conditions.append("alert.status = 'firing'")
        }
        return "(\(SQLFragment.joined(conditions, " OR ", empty: "1 = 0")))"
    }

    /// Was given to this person. The pattern, which an index that holds the column can be asked, leaves few rows for
    /// the exact look.
    package static func hasOperator(_ username: String, _ dialect: SQLDialect) -> SQLFragment {
        let pattern = "%" + escaped(JSONValue.string(username).text) + "%"
        let element: SQLFragment =
            switch dialect {
            case .sqlite: "EXISTS (SELECT 1 FROM json_each(alert.operators) o WHERE o.value = \(username))"
            case .postgresql:
                """
                EXISTS (SELECT 1 FROM json_array_elements_text(CAST(alert.operators AS JSON)) AS o (name) \
                WHERE o.name = \(username))
                """
            }
        return "alert.operators <> '[]' AND alert.operators LIKE \(pattern) ESCAPE '\\' AND \(element)"
    }

    /// The title contains the text. Case of ASCII letters does not matter.
    package static func titleContains(_ text: String) -> SQLFragment {
        let pattern = "%" + escaped(text.asciiLowercased) + "%"
        return "lower(alert.title) LIKE \(pattern) ESCAPE '\\'"
    }

    /// The description contains the text. Case of ASCII letters does not matter.
    package static func detailsContain(_ text: String) -> SQLFragment {
        let pattern = "%" + escaped(text.asciiLowercased) + "%"
        return "lower(alert.description) LIKE \(pattern) ESCAPE '\\'"
    }

    /// The label has the value; an empty value stands for a label that is missing or empty, as in Prometheus.
    package static func label(_ matcher: LabelMatcher) -> SQLFragment {
        let isPositive = matcher.isNegated == matcher.value.isEmpty
        let condition: SQLFragment = matcher.value.isEmpty ? "l.value <> ''" : "l.value = \(matcher.value)"
        return """
            alert.id \(raw: isPositive ? "IN" : "NOT IN") \
            (SELECT l.alert_id FROM alert_label l WHERE l.name = \(matcher.name) AND \(condition))
            """
    }

    /// Was going on at or after the moment: it still is, or ended since.
    package static func since(_ moment: Timestamp) -> SQLFragment {
        "(alert.ended_at IS NULL OR alert.ended_at >= \(moment))"
    }

    /// Had begun by the moment.
    package static func until(_ moment: Timestamp) -> SQLFragment {
        "alert.started_at <= \(moment)"
    }

    /// Is about the machine: the name itself, or the name with a domain behind it. Case does not matter.
    package static func host(_ name: String) -> SQLFragment {
        let name = [Label].hostPart(of: name).asciiLowercased
        // A range that an index answers, from the name to what follows "name."; what else lies in it is sorted out.
        let end = name + "/"
        let domain = escaped(name) + ".%"
        return """
            lower(alert.host) >= \(name) AND lower(alert.host) < \(end) \
            AND (lower(alert.host) = \(name) OR lower(alert.host) LIKE \(domain) ESCAPE '\\')
            """
    }

    /// The host's name contains the text; for suggestions when `host` finds nothing.
    package static func hostContaining(_ text: String) -> SQLFragment {
        let pattern = "%" + escaped(text.asciiLowercased) + "%"
        return "lower(alert.host) LIKE \(pattern) ESCAPE '\\'"
    }

    /// Title, description or host contain the text. Case of ASCII letters does not matter.
    package static func search(_ text: String) -> SQLFragment {
        let pattern = "%" + escaped(text.asciiLowercased) + "%"
        return """
            (lower(alert.title) LIKE \(pattern) ESCAPE '\\' OR lower(alert.description) LIKE \(pattern) ESCAPE '\\' \
            OR lower(alert.host) LIKE \(pattern) ESCAPE '\\')
            """
    }

    private static func escaped(_ text: String) -> String {
        var pattern = ""
        for scalar in text.unicodeScalars {
            if scalar == "%" || scalar == "_" || scalar == "\\" { pattern.unicodeScalars.append("\\") }
            pattern.unicodeScalars.append(scalar)
        }
        return pattern
    }
}

extension HandlingState {
    /// The status that means the same; nil for the two that a status alone does not tell apart.
    fileprivate var status: AlertStatus? {
        switch self {
        case .unassigned, .pending: nil
        case .processing: .acknowledged
        case .resolved: .resolved
        case .closed: .closed
        }
    }
}

extension String {
    /// As the stores' `lower` does it: SQLite knows ASCII only, PostgreSQL's columns have the collation "C".
    var asciiLowercased: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    (65...90).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar
                }
            )
        )
    }
}
