// One field of a resource: its type, its rules, and what may be done with it.

package import JSON

/// Among which rows a field's value occurs once only.
package enum Uniqueness: Sendable, Hashable {
    case none
    /// Among the rows of one team.
    case withinTeam
    /// Among all rows.
    case everywhere
}

/// A field. The defaults are the plain case: optional, nullable, writable, neither searched nor filtered.
package struct Field: Sendable {
    /// Its name on the wire and in the table: lower case letters, digits and `_`, no `__`.
    package var name: String
    package var type: FieldType
    /// Must be given at creation and in PUT, and is never null. A required text is not empty either.
    package var isRequired: Bool
    /// Taken when the field is not given; a field with a default is never null.
    package var defaultValue: JSONValue?
    /// The values allowed; for lists, the elements allowed.
    package var enumeration: [JSONValue]?
    package var uniqueness: Uniqueness
    /// Texts: Unicode scalars; lists: elements' scalars; objects and arrays: bytes of the JSON text.
    package var minLength: Int?
    package var maxLength: Int?
    package var minimum: Double?
    package var maximum: Double?
    /// `search=` looks into it.
    package var isSearchable: Bool
    /// `field=value` and the suffixed forms work.
    package var isFilterable: Bool
    /// `ordering=field` works.
    package var isOrderable: Bool
    /// Orders by the place in `enumeration` instead of by the text.
    package var ordersByEnumeration: Bool
    /// Set by the server; refused when given.
    package var isReadOnly: Bool
    /// Given at creation, and not changed afterwards.
    package var isCreateOnly: Bool
    /// Has an index of its own.
    package var isIndexed: Bool
    package var description: String
    package var example: JSONValue?
    /// A rule of its own, after the type's: the message that says what is wrong, or nil. Runs outside the transaction.
    package var check: (@Sendable (JSONValue) -> String?)?

    package init(
        _ name: String,
        _ type: FieldType,
        required: Bool = false,
        default defaultValue: JSONValue? = nil,
        enumeration: [JSONValue]? = nil,
        unique: Uniqueness = .none,
        minLength: Int? = nil,
        maxLength: Int? = nil,
        minimum: Double? = nil,
        maximum: Double? = nil,
        searchable: Bool = false,
        filterable: Bool = false,
        orderable: Bool = false,
        ordersByEnumeration: Bool = false,
        readOnly: Bool = false,
        createOnly: Bool = false,
        indexed: Bool = false,
        description: String = "",
        example: JSONValue? = nil,
        check: (@Sendable (JSONValue) -> String?)? = nil
    ) {
        self.name = name
        self.type = type
        isRequired = required
        self.defaultValue = defaultValue
        self.enumeration = enumeration
        uniqueness = unique
        self.minLength = minLength
        self.maxLength = maxLength
        self.minimum = minimum
        self.maximum = maximum
        isSearchable = searchable
        isFilterable = filterable
        isOrderable = orderable
        self.ordersByEnumeration = ordersByEnumeration
        isReadOnly = readOnly
        isCreateOnly = createOnly
        isIndexed = indexed
        self.description = description
        self.example = example
        self.check = check
    }

    /// Whether null is a value of it.
    package var isNullable: Bool { !isRequired && defaultValue == nil }

    /// The name as an SQL identifier. Names are checked when the resource is declared (`Resource.problems`).
    package var column: String { "\"\(name)\"" }

    /// The bound that holds when `maxLength` says nothing.
    var effectiveMaxLength: Int {
        if let maxLength { return maxLength }
        return switch type {
        case .string, .secret, .secretList, .stringList: 255
        case .text: 100_000
        default: 262_144
        }
    }

    /// A required text says something, unless `minLength` allows it to be empty.
    var effectiveMinLength: Int { minLength ?? (isRequired ? 1 : 0) }
}
