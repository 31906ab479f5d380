// Conditions on alerts, as SQL for both engines: used by the list's parameters and by the tools alike.

package import Resources
import Storage

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
        "alert.level IN (\(list: levels.map { .text($0.name) }))"
    }

    package static func statuses(_ statuses: [AlertStatus]) -> SQLFragment {
        "alert.status IN (\(list: statuses.map { .text($0.rawValue) }))"
    }

    /// Sources by what senders call them.
    package static func sources(_ names: [String]) -> SQLFragment {
        "alert.source IN (SELECT s.id FROM alert_source s WHERE s.source_id IN (\(list: names.map { .text($0) })))"
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
        let pattern = escaped(name) + ".%"
        return "(lower(alert.host) = \(name) OR lower(alert.host) LIKE \(pattern) ESCAPE '\\')"
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
