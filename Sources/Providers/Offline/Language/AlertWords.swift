// Levels and statuses of alerts as a question can mean them.

/// The levels, worst first (design, section 3).
enum AlertLevel: String, Sendable, Hashable, CaseIterable, Comparable {
    case critical
    case error
    case warning
    case info

    static func < (left: AlertLevel, right: AlertLevel) -> Bool { left.rank < right.rank }

    /// 0 is the worst, as in the seed's `"0".."3"`.
    var rank: Int {
        switch self {
        case .critical: 0
        case .error: 1
        case .warning: 2
        case .info: 3
        }
    }

    var chinese: String {
        switch self {
        case .critical: "严重"
        case .error: "错误"
        case .warning: "警告"
        case .info: "信息"
        }
    }

    /// This one and all that are worse.
    var andAbove: [AlertLevel] { Self.allCases.filter { $0 <= self } }
}

/// The status that is asked for; how a tool spells it is found in the tool's schema.
enum AskedStatus: Sendable, Hashable {
    /// What goes on now, whether somebody is on it or not.
    case firing
    /// What goes on and nobody is on it.
    case unacknowledged
    case resolved
    /// Ended by a person or a rule.
    case closed
    case acknowledged
    /// Said so, or meant by asking for a time in the past.
    case any

    /// Spellings in the order of preference.
    var spellings: [String] {
        switch self {
        case .firing, .unacknowledged: ["firing", "active", "open", "unresolved"]
        case .resolved: ["resolved", "recovered", "inactive"]
        case .closed: ["closed", "resolved"]
        case .acknowledged: ["acknowledged", "acked", "processing"]
        case .any: ["all", "any", "*"]
        }
    }

    /// What the values of a filter mean together, nil for none or for words of a tool's own.
    init?(filter texts: [String], isList: Bool) {
        let known = Set(texts.compactMap { AskedStatus(spelling: $0) })
        switch known {
        case [.firing, .acknowledged]: self = .firing
        case [.firing]: self = isList ? .unacknowledged : .firing
        default:
            guard known.count == 1, texts.count == 1, let only = known.first else { return nil }
            self = only
        }
    }

    /// What a tool's spelling means, nil for a word of its own.
    init?(spelling: String) {
        let all: [AskedStatus] = [.firing, .resolved, .closed, .acknowledged, .any]
        guard let found = all.first(where: { $0.spellings.contains(spelling.lowercased()) }) else { return nil }
        self = found
    }
}
