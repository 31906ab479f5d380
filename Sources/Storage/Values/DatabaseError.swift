// What can go wrong in the store, in the words that the rooms above act on.

/// A failure of the store. Its text never holds a password, a parameter or the content of a row.
package struct DatabaseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Which rule of the schema was broken.
    package enum Constraint: String, Sendable, Equatable {
        case unique, foreignKey, notNull, check
    }

    /// What a caller can do about it.
    package enum Kind: Sendable, Equatable {
        /// The data break a rule of the schema; see `constraintColumns`.
        case constraint(Constraint)
        /// Another transaction or process was in the way for too long, or the statement took too long; may be repeated.
        case busy
        /// The store cannot be reached or cannot write; see `isOutcomeUnknown`.
        case unavailable
        /// More than `maximumWaiting` jobs wait already; nothing was done.
        case overloaded
        /// The store's schema has migrations that this program does not know.
        case schemaTooNew
        /// The list of migrations is not in order, or does not fit to what the store has applied.
        case schemaMismatch
        /// A column is missing or holds something else than was asked for.
        case decoding
        /// The statement is wrong, or not allowed here.
        case statement
        /// The database was closed.
        case closed
    }

    package var kind: Kind
    package var message: String
    /// The columns of the broken rule, as far as the engine tells: always for `unique` and `notNull`,
    /// for `foreignKey` with PostgreSQL only, never for `check`.
    package var constraintColumns: [String]
    /// The name of the broken rule, where the engine tells it.
    package var constraintName: String?
    /// The engine's own code: five characters (SQLSTATE) or SQLite's extended result code as a number.
    package var code: String?
    /// True when the connection was lost while COMMIT was under way: the changes may have been kept or not.
    package var isOutcomeUnknown: Bool

    package init(
        _ kind: Kind,
        _ message: String,
        constraintColumns: [String] = [],
        constraintName: String? = nil,
        code: String? = nil,
        isOutcomeUnknown: Bool = false
    ) {
        self.kind = kind
        self.message = message
        self.constraintColumns = constraintColumns
        self.constraintName = constraintName
        self.code = code
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// For the body of a transaction that finds that another was in its way: with PostgreSQL it is run again, as if the
    /// server had found it. With SQLite nothing can be in the way of a writer.
    package static func collision(_ message: String) -> DatabaseError {
        DatabaseError(.busy, message, code: "40001")
    }

    /// True for a broken uniqueness; with columns, only when it is about exactly these.
    package func isUniqueViolation(of columns: String...) -> Bool {
        kind == .constraint(.unique) && (columns.isEmpty || Set(columns) == Set(constraintColumns))
    }

    package var description: String {
        let name =
            switch kind {
            case .constraint(let constraint): "constraint (\(constraint.rawValue))"
            default: "\(kind)"
            }
        return "database, \(name): \(message)"
    }
}
