// Which index serves which question about alerts. SQLite has to be told (see `AccessPath`).

import Resources
import Storage

enum AlertAccess {
    /// Questions by what narrows them down most; the first that holds decides.
    enum Narrowing: Sendable {
        case host
        case hostInAnyCase
        case incident
        case aggregate
        case shield
        case fingerprint
        /// People to whom alerts were given, or that there are any.
        case operators
        /// Status or level; the conditions must hold `everyState`.
        case state

        var index: String {
            switch self {
            case .host: "ix_alert_host"
            case .hostInAnyCase: "ix_alert_host_lower"
            case .incident: "ix_alert_incident"
            case .aggregate: "ix_alert_aggregate"
            case .shield: "ix_alert_shield"
            case .fingerprint: "uq_alert_episode"
            case .operators: "ix_alert_operators"
            case .state: "ix_alert_state"
            }
        }
    }

    /// True of every alert. With it the index on status, level and team is entered by all three columns, whichever of
    /// them the question names.
    static let everyState: SQLFragment = """
        alert.status IN ('firing', 'acknowledged', 'resolved', 'closed') \
        AND alert.level IN ('critical', 'error', 'warning', 'info')
        """

    /// For a list by its parameters.
    static func narrowing(_ query: [(String, String)]) -> Narrowing? {
        func given(_ name: String, _ fits: (String) -> Bool = { !$0.isEmpty }) -> Bool {
            query.contains { $0.0 == name && fits($0.1) }
        }
        let isTrue: (String) -> Bool = { ["true", "1"].contains($0.lowercased()) }
        if given("id") || given("alert_id") { return nil }
        if given("fingerprint") { return .fingerprint }
        if given("incident") || given("incident_id") || given("has_incident", isTrue) { return .incident }
        if given("aggregate") { return .aggregate }
        if given("shield") || given("is_shielded", isTrue) { return .shield }
        if given("host") { return .host }
        if given("operator") || given("my_alert", isTrue) || given("handling", { $0 == "pending" }) {
            return .operators
        }
        // Then it is better to begin with the index of labels.
        if query.contains(where: { $0.0 == "labels" || $0.0.hasPrefix("label.") }) { return nil }
        let states = ["status", "level", "handling", "active", "activate"]
        return states.contains { given($0) } ? .state : nil
    }

    /// For a list in its own order; a list in another order is SQLite's affair.
    ///
    /// - Parameter isOneTeam: the conditions name exactly one team.
    static func list(_ narrowing: Narrowing?, isOneTeam: Bool, isOrdered: Bool) -> AccessPath {
        AccessPath(
            finding: narrowing?.index,
            walking: isOrdered ? isOneTeam ? "ix_alert_team" : "ix_alert_last_event_at" : nil
        )
    }

    /// For the tools, whose order is that of `AlertCursor`.
    static func urgency(_ narrowing: Narrowing?) -> AccessPath {
        AccessPath(finding: narrowing?.index, walking: "ix_alert_urgency")
    }
}

extension AlertFilter {
    /// What narrows the question down most.
    var narrowing: AlertAccess.Narrowing? {
        if host != nil { return .hostInAnyCase }
        if operatorName != nil || handling == [.pending] { return .operators }
        if !labels.isEmpty { return nil }
        return statuses.isEmpty && levels.isEmpty && handling.isEmpty ? nil : .state
    }
}
