// By which index SQLite reads a list: it keeps no statistics of ours, and guesses badly among a million rows.

package import Storage

/// The indexes for a list, by name, out of the owner's schema. PostgreSQL has statistics and is left alone.
package struct AccessPath: Sendable, Hashable {
    /// The index that finds the matches, in whatever order. It must fit to the conditions: SQLite refuses a statement
    /// that names an index that is of no use to it. Nil: as SQLite thinks best.
    package var finding: String?
    /// The index in the list's order, for when there are so many matches that walking meets enough of them soon.
    package var walking: String?

    /// From so many matches on it is better to walk than to find all and sort them: about where both touch as many rows
    /// of a million (20 rows wanted, so the square root of 20,000,000).
    package static let manyMatches: Int64 = 4_000

    package init(finding: String? = nil, walking: String? = nil) {
        self.finding = finding
        self.walking = walking
    }

    /// What follows the table's name where matches are counted.
    package func counting(_ dialect: SQLDialect) -> String { Self.clause(finding, dialect) }

    /// What follows the table's name where a page is read.
    package func reading(matches: Int64, _ dialect: SQLDialect) -> String {
        Self.clause(matches >= Self.manyMatches ? walking ?? finding : finding, dialect)
    }

    private static func clause(_ index: String?, _ dialect: SQLDialect) -> String {
        guard dialect == .sqlite, let index else { return "" }
        return " INDEXED BY \(index)"
    }
}
