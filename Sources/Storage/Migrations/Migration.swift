// One numbered step of the schema.

/// A step that brings the schema forward. Steps that were released are never changed.
///
/// Each room has ranges of twenty numbers of its own (1–19, 20–39, 40–59, …) and uses them without gaps, so that a room
/// can add a step without regard to the others.
package struct Migration: Sendable {
    /// At least 1; unique in the program.
    package let number: Int
    /// A few words for people; part of the step's identity.
    package let name: String
    /// The statements, one a string, in order.
    package let statements: @Sendable (SQLDialect) -> [String]

    package init(number: Int, name: String, statements: @escaping @Sendable (SQLDialect) -> [String]) {
        self.number = number
        self.name = name
        self.statements = statements
    }

    /// The range of twenty that the number belongs to.
    var range: Int { number / 20 }
}
