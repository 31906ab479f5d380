// Whose rows a caller sees, in one place.

package import Identity
import Storage

extension Caller {
    /// Administrators, and the program itself, see the rows of every team.
    package var seesAllTeams: Bool { isSystem || role == .administrator }

    /// Whether the caller sees a row of this team.
    package func seesRows(ofTeam team: Int64) -> Bool { seesAllTeams || sees(team: team) }

    /// The condition that keeps rows of other teams out; nil when there are none to keep out.
    /// - Parameter column: the team's column as SQL, out of a declaration.
    package func teamCondition(column: String) -> SQLFragment? {
        if seesAllTeams { return nil }
        if teams.isEmpty { return "1 = 0" }
        return "\(raw: column) IN (\(list: teams.map { .integer($0) }))"
    }
}

extension Resource {
    /// A column with its table, so that it means the same inside a subquery.
    package func qualified(_ field: Field) -> String { "\(tableName).\(field.column)" }

    /// The rows that the caller may know of; nil when that is all of them.
    func scope(_ caller: Caller) -> SQLFragment? {
        hasTeam ? caller.teamCondition(column: "\(tableName).\"team\"") : nil
    }
}
