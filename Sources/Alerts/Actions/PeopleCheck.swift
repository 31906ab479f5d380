// Whether the people and channels that a request names are there.

import Identity
import JSON
import Resources
import Storage

enum PeopleCheck {
    /// Those of the names that are no mail addresses and no active users of each of the teams.
    static func unknown(
        _ people: [String],
        teams: Set<Int64>,
        _ connection: any SQLConnection
    ) throws -> [String] {
        let names = people.filter { !isMailAddress($0) }
        guard !names.isEmpty else { return [] }
        var known = Set(names)
        for team in teams { known = try active(known, team: team, connection) }
        return names.filter { !known.contains($0) }
    }

    /// Those of the usernames that active users of the team have. Administrators see every team and so belong to each.
    static func active(_ names: Set<String>, team: Int64, _ connection: any SQLConnection) throws -> Set<String> {
        guard !names.isEmpty else { return [] }
        let rows = try connection.query(
            fragment: """
                SELECT username FROM users WHERE username IN (\(list: names.sorted().map { .text($0) }))
                AND is_active = 1 AND (role = \(Role.administrator.rawValue)
                    OR id IN (SELECT user_id FROM user_teams WHERE team_id = \(team)))
                """
        )
        return Set(try rows.map { try $0.text("username") })
    }

    /// The teams of those of the rows that the caller may know of.
    ///
    /// - Parameter table: `alert` or `alert_incident`.
    static func teams(
        ofRows ids: [Int64],
        in table: String,
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws -> Set<Int64> {
        guard !ids.isEmpty else { return [] }
        let scope = caller.teamCondition(column: "t.team") ?? "1 = 1"
        let rows = try connection.query(
            fragment: """
                SELECT DISTINCT t.team AS team FROM \(raw: table) t
                WHERE t.id IN (\(list: ids.map { .integer($0) })) AND \(scope)
                """
        )
        return Set(try rows.map { try $0.int("team") })
    }

    /// The active channels among these, by their team; the caller's teams only.
    static func channels(
        _ ids: [Int64],
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws -> [(id: Int64, team: Int64)] {
        guard !ids.isEmpty else { return [] }
        let scope = caller.teamCondition(column: "c.team") ?? "1 = 1"
        return try connection.query(
            fragment: """
                SELECT c.id AS id, c.team AS team FROM notification_channel c
                WHERE c.id IN (\(list: ids.map { .integer($0) })) AND c.is_active = 1 AND \(scope) ORDER BY c.id
                """
        ).map { (try $0.int("id"), try $0.int("team")) }
    }

    /// `name@domain`: enough to tell it from a username. Whether it can be reached the mail server says.
    static func isMailAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[1].contains("."), text.utf8.count <= 254 else { return false }
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2C && $0 != 0x3B && $0 != 0x3C }
        return isPlain && parts[1].first != "." && parts[1].last != "."
    }
}

/// Whom an action names and over which channels they are told, looked up once for all alerts of the request.
struct ActionAudience {
    var people: [String]
    /// The rule that was named.
    var rule: AssignmentRule?
    private var channels: [(id: Int64, team: Int64)]

    /// - Parameter table: what the request's numbers are rows of; whoever gets one must be able to see it. People of
    ///   other teams are refused in the same words as people who are not there.
    /// - Throws: `ResourceError.invalid` for people, rules and channels that are not there.
    init(
        _ request: ActionRequest,
        of table: String,
        rules: RuleBook,
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws {
        people = request.assignees
        channels = []
        var errors: [FieldError] = []
        if let id = request.assignment {
            rule = rules.assignments.first { $0.id == id && caller.seesRows(ofTeam: $0.team) }
            if let rule {
                if people.isEmpty { people = rule.personnel }
                if people.isEmpty { errors.append(FieldError("assignment_id", "names a rule without people")) }
                if rule.scenarios.contains("assignment") { channels = rule.channels.map { ($0, rule.team) } }
            } else {
                errors.append(FieldError("assignment_id", "is not an active assignment rule"))
            }
        }
        if !request.assignees.isEmpty {
            let teams = try PeopleCheck.teams(ofRows: request.ids, in: table, caller, connection)
            let unknown = try PeopleCheck.unknown(request.assignees, teams: teams, connection)
            if !unknown.isEmpty {
                let names = unknown.prefix(10).map { $0.harmless(limit: 80) }.joined(separator: ", ")
                errors.append(FieldError("assignee", "names people who are no active users of the team: \(names)"))
            }
        }
        if !request.channels.isEmpty, rule == nil {
            channels = try PeopleCheck.channels(request.channels, caller, connection)
            let missing = request.channels.filter { id in !channels.contains { $0.id == id } }
            if !missing.isEmpty {
                let names = missing.map(String.init).joined(separator: ", ")
                errors.append(
                    FieldError("notify_channels", "names channels that are not there or not active: \(names)")
                )
            }
        }
        guard errors.isEmpty else { throw ResourceError.invalid(errors) }
    }

    /// A channel serves the alerts of its own team only.
    func channels(ofTeam team: Int64) -> [Int64] {
        channels.filter { $0.team == team }.map(\.id)
    }
}
