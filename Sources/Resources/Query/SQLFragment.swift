// A piece of SQL that cannot hold a value by accident: what is interpolated becomes a parameter.

package import Storage

/// SQL text with its parameters in place, numbered only when it is rendered.
///
/// `"level = \(level) AND team IN (\(list: teams))"` has the text of the literal and three or more parameters.
/// Text enters it only as a literal of the source, or through `raw:`, which is for identifiers that a declaration
/// holds and nothing else.
package struct SQLFragment: Sendable, Hashable, ExpressibleByStringInterpolation {
    enum Piece: Sendable, Hashable {
        case text(String)
        case parameter(SQLValue)
    }

    var pieces: [Piece]

    private init(pieces: [Piece]) {
        self.pieces = pieces
    }

    package init(stringLiteral value: String) {
        pieces = [.text(value)]
    }

    package init(stringInterpolation: Interpolation) {
        pieces = stringInterpolation.pieces
    }

    /// The pieces of a literal under construction.
    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var pieces: [Piece] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            pieces.reserveCapacity(interpolationCount * 2 + 1)
        }

        package mutating func appendLiteral(_ literal: String) {
            if !literal.isEmpty { pieces.append(.text(literal)) }
        }

        /// A parameter.
        package mutating func appendInterpolation(_ value: String) { pieces.append(.parameter(.text(value))) }

        /// A parameter.
        package mutating func appendInterpolation(_ value: Int64) { pieces.append(.parameter(.integer(value))) }

        /// A parameter.
        package mutating func appendInterpolation(_ value: Int) { pieces.append(.parameter(.integer(Int64(value)))) }

        /// A parameter, in milliseconds.
        package mutating func appendInterpolation(_ value: Timestamp) {
            pieces.append(.parameter(.integer(value.milliseconds)))
        }

        /// A parameter.
        package mutating func appendInterpolation(_ value: SQLValue) { pieces.append(.parameter(value)) }

        /// Parameters with commas between them; `NULL`, which equals nothing, when there are none.
        package mutating func appendInterpolation(list values: [SQLValue]) {
            if values.isEmpty { pieces.append(.text("NULL")) }
            for (index, value) in values.enumerated() {
                if index > 0 { pieces.append(.text(", ")) }
                pieces.append(.parameter(value))
            }
        }

        /// Another fragment, parameters and all.
        package mutating func appendInterpolation(_ fragment: SQLFragment) { pieces += fragment.pieces }

        /// Text as it is. Only for identifiers out of a declaration.
        package mutating func appendInterpolation(raw text: String) { pieces.append(.text(text)) }
    }

    /// Text out of a declaration, without parameters.
    package static func raw(_ text: String) -> SQLFragment { SQLFragment(pieces: [.text(text)]) }

    /// A value where a helper of the dialect wants an expression:
    /// `.placing(name) { dialect.jsonExtractText("alerts.labels", keyExpression: $0) }`.
    package static func placing(_ value: SQLValue, in expression: (String) -> String) -> SQLFragment {
        // The helper makes text; the mark, which no SQL holds, is where the parameter goes.
        let parts = expression("\u{0}").split(separator: "\u{0}", omittingEmptySubsequences: false)
        var pieces: [Piece] = []
        for (index, part) in parts.enumerated() {
            if index > 0 { pieces.append(.parameter(value)) }
            pieces.append(.text(String(part)))
        }
        return SQLFragment(pieces: pieces)
    }

    package static func + (left: SQLFragment, right: SQLFragment) -> SQLFragment {
        SQLFragment(pieces: left.pieces + right.pieces)
    }

    /// The fragments in parentheses with `separator` (` AND `, ` OR `) between them; `empty` when there are none.
    package static func joined(_ fragments: [SQLFragment], _ separator: String, empty: SQLFragment) -> SQLFragment {
        guard let first = fragments.first else { return empty }
        guard fragments.count > 1 else { return first }
        var pieces: [Piece] = []
        for (index, fragment) in fragments.enumerated() {
            pieces.append(.text(index == 0 ? "(" : "\(separator)("))
            pieces += fragment.pieces
            pieces.append(.text(")"))
        }
        return SQLFragment(pieces: pieces)
    }

    /// The text with `$1`, `$2` … and the parameters in that order.
    package var rendered: (sql: String, parameters: [SQLValue]) {
        var sql = ""
        var parameters: [SQLValue] = []
        for piece in pieces {
            switch piece {
            case .text(let text): sql += text
            case .parameter(let value):
                parameters.append(value)
                sql += "$\(parameters.count)"
            }
        }
        return (sql, parameters)
    }
}

extension SQLConnection {
    /// Runs a query written as a fragment. The label keeps a literal with interpolations from being taken for a String.
    package func query(fragment: SQLFragment) throws(DatabaseError) -> [SQLRow] {
        let (sql, parameters) = fragment.rendered
        return try query(sql, parameters)
    }

    /// Runs a statement written as a fragment; the number of rows changed.
    @discardableResult
    package func execute(fragment: SQLFragment) throws(DatabaseError) -> Int {
        let (sql, parameters) = fragment.rendered
        return try execute(sql, parameters)
    }
}
