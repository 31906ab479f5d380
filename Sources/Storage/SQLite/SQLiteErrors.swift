// SQLite's result codes in the words of DatabaseError.

import CSQLite

enum SQLiteErrors {
    /// The error for what just failed on the connection. Result codes: https://www.sqlite.org/rescode.html
    static func error(_ handle: OpaquePointer, _ extended: Int32, isReader: Bool) -> DatabaseError {
        let text = sqlite3_errmsg(handle).map { String(cString: $0) } ?? ""
        return error(extended, text, isReader: isReader)
    }

    static func error(_ extended: Int32, _ text: String, isReader: Bool) -> DatabaseError {
        let code = String(extended)
        switch extended & 0xFF {
        case SQLITE_CONSTRAINT:
            return constraint(extended, text, code)
        case SQLITE_BUSY, SQLITE_LOCKED:
            return DatabaseError(.busy, text, code: code)
        case SQLITE_INTERRUPT:
            return DatabaseError(.busy, "the statement took too long", code: code)
        case SQLITE_READONLY where isReader:
            return DatabaseError(.statement, "a reading transaction cannot write", code: code)
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_NOTADB, SQLITE_CORRUPT, SQLITE_READONLY, SQLITE_PERM,
            SQLITE_NOMEM, SQLITE_PROTOCOL, SQLITE_NOLFS:
            return DatabaseError(.unavailable, text, code: code)
        default:
            return DatabaseError(.statement, text, code: code)
        }
    }

    private static func constraint(_ extended: Int32, _ text: String, _ code: String) -> DatabaseError {
        let kind: DatabaseError.Constraint
        switch extended {
        case SQLITE_CONSTRAINT_UNIQUE_, SQLITE_CONSTRAINT_PRIMARYKEY_, SQLITE_CONSTRAINT_ROWID_: kind = .unique
        case SQLITE_CONSTRAINT_FOREIGNKEY_: kind = .foreignKey
        case SQLITE_CONSTRAINT_NOTNULL_: kind = .notNull
        default: kind = .check
        }
        // "UNIQUE constraint failed: users.domain, users.username", "… failed: index 'name'", "CHECK … failed: name"
        let subject = text.split(separator: ":", maxSplits: 1).dropFirst().first.map(trimmed) ?? ""
        var columns: [String] = []
        var name: String?
        switch kind {
        case .unique, .notNull:
            if subject.hasPrefix("index '") {
                name = String(subject.dropFirst("index '".count).dropLast())
            } else {
                columns = subject.split(separator: ",").map { part in
                    trimmed(part.split(separator: ".").last ?? part)
                }
            }
        case .check: name = subject
        case .foreignKey: break
        }
        return DatabaseError(
            .constraint(kind),
            text,
            constraintColumns: columns,
            constraintName: name,
            code: code
        )
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop(while: { $0 == " " }))
    }

    // The header builds these by shifting, which Swift does not import.
    private static let SQLITE_CONSTRAINT_FOREIGNKEY_ = SQLITE_CONSTRAINT | (3 << 8)
    private static let SQLITE_CONSTRAINT_NOTNULL_ = SQLITE_CONSTRAINT | (5 << 8)
    private static let SQLITE_CONSTRAINT_PRIMARYKEY_ = SQLITE_CONSTRAINT | (6 << 8)
    private static let SQLITE_CONSTRAINT_UNIQUE_ = SQLITE_CONSTRAINT | (8 << 8)
    private static let SQLITE_CONSTRAINT_ROWID_ = SQLITE_CONSTRAINT | (10 << 8)
}
