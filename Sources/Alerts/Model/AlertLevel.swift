// How bad an alert is, and how the words of many senders become our four levels.

/// The four levels, worst first. The raw value is the rank that the store keeps, so that a smaller number is worse
/// and `MIN` finds the worst. `critical`, `warning`, `info` are the seed's (section 2.2.4); `error` lies between the
/// first two; `"0"` to `"3"` are what bk-lite senders write.
package enum AlertLevel: Int64, Sendable, Hashable, CaseIterable, Comparable {
    case critical = 0
    case error = 1
    case warning = 2
    case info = 3

    /// `critical`, `error`, `warning`, `info`.
    package var name: String {
        switch self {
        case .critical: "critical"
        case .error: "error"
        case .warning: "warning"
        case .info: "info"
        }
    }

    /// The names, worst first.
    package static var names: [String] { allCases.map(\.name) }

    /// One of the four names in any case, or `0` to `3`.
    package init?(_ text: String) {
        switch text.lowercased() {
        case "critical", "0": self = .critical
        case "error", "1": self = .error
        case "warning", "2": self = .warning
        case "info", "3": self = .info
        default: return nil
        }
    }

    /// Ordered by badness: `.info < .critical`.
    package static func < (left: AlertLevel, right: AlertLevel) -> Bool {
        left.rawValue > right.rawValue
    }
}

/// Turns a sender's word for badness into a level: the source's own map first, then the names and numbers of
/// `AlertLevel`, then the words of the resource `level`, then words in common use (`ops.md` section 3, Mapping).
package struct LevelMap: Sendable, Hashable {
    private let own: [String: AlertLevel]
    /// In lower case.
    private var words: [String: AlertLevel] = [:]

    /// - Parameter own: the source's entries; keys are compared without regard to case.
    package init(_ own: [String: AlertLevel] = [:]) {
        self.own = Dictionary(own.map { ($0.lowercased(), $1) }, uniquingKeysWith: { first, _ in first })
    }

    /// The level, or nil for a word that nobody knows.
    package func level(_ word: String) -> AlertLevel? {
        if own.isEmpty, let level = AlertLevel(word) { return level }
        let key = word.lowercased()
        return own[key] ?? AlertLevel(key) ?? words[key] ?? Self.common[key]
    }

    /// The same map with the words of the resource `level`, in lower case.
    package func knowing(_ words: [String: AlertLevel]) -> LevelMap {
        var map = self
        map.words = words
        return map
    }

    private static let common: [String: AlertLevel] = [
        "disaster": .critical, "fatal": .critical, "emergency": .critical, "page": .critical, "p0": .critical,
        "p1": .critical, "crit": .critical, "alert": .critical, "high": .critical,
        "major": .error, "err": .error, "p2": .error,
        "average": .warning, "warn": .warning, "minor": .warning, "medium": .warning, "p3": .warning,
        "information": .info, "informational": .info, "low": .info, "notice": .info, "none": .info, "ok": .info,
        "debug": .info, "p4": .info, "p5": .info, "not classified": .info,
    ]
}
