// What a field can hold, and how it looks in the store and on the wire.

/// The type of a field.
package enum FieldType: Sendable {
    /// Short text; 255 Unicode scalars unless `maxLength` says otherwise.
    case string
    /// Long text; 100,000 scalars unless `maxLength` says otherwise.
    case text
    /// 64-bit; BIGINT.
    case integer
    /// IEEE double.
    case number
    /// Stored as 0 or 1.
    case boolean
    /// Epoch milliseconds in the store, ISO 8601 on the wire (see `Timestamp`).
    case timestamp
    /// Any JSON object, as text; 262,144 bytes unless `maxLength` says otherwise.
    case object
    /// A JSON object whose owner checks every member and seals some; bounded as `object` is.
    case configuration(ConfigurationRule)
    /// Any JSON array, as text; bounded likewise.
    case array
    /// An array of strings, as JSON text; `maxLength` bounds each element.
    case stringList
    /// An array of 64-bit integers, as JSON text.
    case integerList
    /// Taken in, never given out.
    case secret(SecretRule)
    /// An array of secrets, each sealed by itself; held as the JSON array of the sealed texts.
    case secretList(SecretRule)
    /// The id of a row of another resource (or of this one).
    case reference(ResourceTarget)
    /// Ids of rows of another resource, as JSON text.
    case referenceList(ResourceTarget)

    /// The resource that ids of this field belong to.
    package var target: ResourceTarget? {
        switch self {
        case .reference(let target), .referenceList(let target): target
        default: nil
        }
    }

    package var isSecret: Bool {
        switch self {
        case .secret, .secretList: true
        default: false
        }
    }

    /// Held as the text of a JSON array in one column.
    var isList: Bool {
        switch self {
        case .stringList, .integerList, .referenceList: true
        default: false
        }
    }

    var isText: Bool {
        switch self {
        case .string, .text: true
        default: false
        }
    }

    /// Ordered by size, so that `__gte` and its kin mean something.
    var isScalarOrder: Bool {
        switch self {
        case .integer, .number, .timestamp: true
        default: false
        }
    }
}

/// How a secret is kept. It never appears in an answer, a list or an audit entry (there as `***`).
package struct SecretRule: Sendable {
    /// What is stored for a given secret. Runs outside the transaction, so that a slow hash holds nothing up.
    package var seal: @Sendable (String) throws -> String
    /// Makes a secret when none is given at creation; it is shown once, in the answer to that creation.
    package var generate: (@Sendable () -> String)?

    package init(
        seal: @escaping @Sendable (String) throws -> String,
        generate: (@Sendable () -> String)? = nil
    ) {
        self.seal = seal
        self.generate = generate
    }

    /// Stored as given. For what must be usable again and is not encrypted at rest.
    package static var writeOnly: SecretRule { SecretRule(seal: { $0 }) }

    /// Stored as a hash, or encrypted, by the function given.
    package static func hashed(
        _ hash: @escaping @Sendable (String) throws -> String,
        generate: (@Sendable () -> String)? = nil
    ) -> SecretRule {
        SecretRule(seal: hash, generate: generate)
    }
}

/// The resource a reference points to, by name and table. `Resource.target` gives it.
package struct ResourceTarget: Sendable, Hashable {
    /// The resource's name, as in `Resource.name`.
    package var resource: String
    package var table: String
    /// Whether its rows belong to teams, so that a reference is good only to a row that the caller sees.
    package var hasTeam: Bool

    package init(_ resource: String, table: String, hasTeam: Bool = true) {
        self.resource = resource
        self.table = table
        self.hasTeam = hasTeam
    }
}
