// A query parameter of a list that the resource's owner turns into a condition.

package import Identity
package import JSON
package import Storage

/// What the closure of a filter gets.
package struct FilterArgument: Sendable {
    /// The parameter's name; for a prefix, the rest of it.
    package let name: String
    /// The parameter's value, at most 1000 bytes, without U+0000.
    package let value: String
    package let caller: Caller
    package let dialect: SQLDialect

    package init(name: String, value: String, caller: Caller, dialect: SQLDialect) {
        self.name = name
        self.value = value
        self.caller = caller
        self.dialect = dialect
    }
}

/// A query parameter that the owner understands: a join, a state with a name of its own.
package struct QueryFilter: Sendable {
    /// Which parameter names it takes.
    package enum Pattern: Sendable, Hashable {
        case exact(String)
        /// Every name that begins so and is longer; the closure gets the rest.
        case prefix(String)
    }

    package let pattern: Pattern
    package let description: String
    /// The JSON Schema of the value, for the OpenAPI document.
    package let schema: JSONValue
    /// The condition on the row. The resource's table stands under its own name. For a bad value, throw
    /// `ResourceError.invalid` with the parameter's name.
    package let condition: @Sendable (FilterArgument) throws -> SQLFragment

    package init(
        _ name: String,
        description: String,
        schema: JSONValue = ["type": "string"],
        condition: @escaping @Sendable (FilterArgument) throws -> SQLFragment
    ) {
        pattern = .exact(name)
        self.description = description
        self.schema = schema
        self.condition = condition
    }

    package init(
        prefix: String,
        description: String,
        schema: JSONValue = ["type": "string"],
        condition: @escaping @Sendable (FilterArgument) throws -> SQLFragment
    ) {
        pattern = .prefix(prefix)
        self.description = description
        self.schema = schema
        self.condition = condition
    }

    /// The name that the closure is to be called with, if the filter takes this parameter.
    func argument(for parameter: String) -> String? {
        switch pattern {
        case .exact(let name): parameter == name ? name : nil
        case .prefix(let prefix):
            parameter.hasPrefix(prefix) && parameter.utf8.count > prefix.utf8.count
                ? String(parameter.dropFirst(prefix.count)) : nil
        }
    }
}
