// A list as asked for: which page, in which order, under which conditions.

/// What a list's query came to.
package struct ListRequest: Sendable {
    package static let defaultPageSize = 20
    package static let maximumPageSize = 1000
    /// Pages beyond this are refused: an offset that far is a mistake, and must not overflow.
    package static let maximumPage = 1_000_000

    /// 1 is the first.
    package var page = 1
    package var pageSize = ListRequest.defaultPageSize
    /// All of them hold.
    package var conditions: [SQLFragment] = []
    /// Comma-joined terms for ORDER BY, the id last.
    package var ordering: SQLFragment = "\"id\""

    package var offset: Int { (page - 1) * pageSize }
}
