// PostgreSQL's SQLSTATE codes in the words of DatabaseError.

import CPostgreSQL

enum PostgreSQLErrors {
    /// The error that a result reports. Codes: PostgreSQL 15 documentation, appendix A.
    static func error(_ result: OpaquePointer, _ settings: PostgreSQLSettings) -> DatabaseError {
        let code = field(result, opsgate_pg_sqlstate) ?? ""
        // The primary message names tables and rules only; the values are in the detail, which stays out.
        let message = settings.cleaned(field(result, opsgate_pg_message) ?? "the statement failed")
        if let constraint = constraint(code) {
            return DatabaseError(
                .constraint(constraint),
                message,
                constraintColumns: columns(result),
                constraintName: field(result, opsgate_pg_constraint),
                code: code
            )
        }
        return DatabaseError(kind(code), message, code: code)
    }

    /// Whether a repetition of the whole transaction may succeed: serialization failure and deadlock.
    static func isTransient(_ error: DatabaseError) -> Bool { error.code == "40001" || error.code == "40P01" }

    /// Whether the server has lost a prepared statement (26000), or its plan no longer fits to the changed tables, for
    /// which the code alone (0A000, feature not supported) is too wide.
    static func isStaleStatement(_ result: OpaquePointer) -> Bool {
        switch field(result, opsgate_pg_sqlstate) {
        case "26000": true
        case "0A000": field(result, opsgate_pg_source_function) == "RevalidateCachedQuery"
        default: false
        }
    }

    private static func constraint(_ code: String) -> DatabaseError.Constraint? {
        switch code {
        case "23505": .unique
        case "23503": .foreignKey
        case "23502": .notNull
        case "23514", "23P01": .check
        default: nil
        }
    }

    private static func kind(_ code: String) -> DatabaseError.Kind {
        switch code {
        case "40001", "40P01", "55P03", "57014": .busy
        case "08P01": .statement  // the statement and its parameters do not fit
        case _ where ["08", "53", "57", "58"].contains(code.prefix(2)): .unavailable
        default: .statement
        }
    }

    /// The columns of a broken rule: named for NOT NULL; for keys from the detail, of which only the form
    /// `… (a, b)=(…) …` is the same in every language.
    private static func columns(_ result: OpaquePointer) -> [String] {
        if let column = field(result, opsgate_pg_column) { return [column] }
        guard let detail = field(result, opsgate_pg_detail), let start = detail.firstIndex(of: "("),
            let end = detail.firstRange(of: ")=(")?.lowerBound, start < end
        else { return [] }
        return detail[detail.index(after: start)..<end].split(separator: ", ").map(String.init)
    }

    static func field(_ result: OpaquePointer, _ field: Int32) -> String? {
        PQresultErrorField(result, field).map { String(cString: $0) }
    }
}
