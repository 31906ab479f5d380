// The words by which senders say that something goes on or is over.

/// Words in common use, in any case.
enum StatusWords {
    /// What an exact vocabulary knows (the seed, bk-lite, Alertmanager, Zabbix); nil for other words.
    static func status(_ word: String) -> EventStatus? {
        switch word.lowercased() {
        case "firing", "alerting", "problem", "active", "open", "triggered": .firing
        case "resolved", "ok", "recovered", "recovery", "closed", "inactive": .resolved
        default: nil
        }
    }

    /// For senders whose words we do not know: what does not clearly say that it is over goes on, so that no alert is
    /// lost over a word.
    static func guessed(_ word: String) -> EventStatus {
        over.contains(word.lowercased()) ? .resolved : .firing
    }

    /// Words that say it is over.
    static let over: Set<String> = [
        "resolved", "resolve", "ok", "recovered", "recovery", "closed", "close", "inactive", "normal", "up", "clear",
        "cleared", "healthy", "fixed", "success", "ended", "end", "false", "恢复", "已恢复", "已解决", "正常",
    ]
}
