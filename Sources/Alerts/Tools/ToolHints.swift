// The sentences beside a result: what was asked when nothing was found, and what is known to be missing.

import Identity
import Resources
import Storage

enum ToolHints {
    /// For `no_data`: repeats the question and says what there is, since "nothing found" is not "all is well".
    static func nothing(
        _ filter: AlertFilter,
        _ caller: Caller,
        now: Int64,
        _ connection: any SQLConnection
    ) throws -> String {
        let overview = try AlertQueries.overview(caller, connection)
        var hint = "No alert matches: \(filter.words). "
        if overview.total == 0 {
            hint += "No alert has arrived at all yet, so this says nothing about health: check that sources deliver."
            return hint
        }
        hint += "Stored are \(overview.total) alerts, \(overview.open) of them going on"
        if let heard = overview.heard {
            let ago = DurationText.of(milliseconds: now - heard.milliseconds)
            hint += "; the last change arrived at \(heard.text) (\(ago) ago)"
        }
        hint += ". No match is not a proof of health."
        if let host = filter.host {
            let hosts = try AlertQueries.hosts(containing: host, caller, connection)
            if !hosts.isEmpty {
                hint += " Hosts with such a name: \(hosts.joined(separator: ", ").harmless(limit: 400))."
            }
        }
        return hint
    }

    /// Gaps in the time that was asked for, or in the last day; nil when there are none.
    static func gaps(
        _ filter: AlertFilter,
        _ caller: Caller,
        now: Int64,
        _ connection: any SQLConnection
    ) throws -> String? {
        let since = filter.since ?? Timestamp(milliseconds: now - 86_400_000)
        let gaps = try GapReader.since(since, caller, connection)
        if gaps.isEmpty { return nil }
        return "Incomplete: \(gaps.map(\.text).joined(separator: "; ")). These alerts were never delivered."
    }

    static func joined(_ hints: String?...) -> String? {
        let present = hints.compactMap { $0 }
        return present.isEmpty ? nil : present.joined(separator: " ")
    }
}
