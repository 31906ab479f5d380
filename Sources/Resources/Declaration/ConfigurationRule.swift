// A configuration object with secrets in it: settings that a person edits as one piece, some of which nobody may read.

package import JSON

/// How a field of type `configuration` is checked, kept and shown.
///
/// The stored object holds its secrets as ``SealedMember``s, at any depth; everything else in it is shown as it is.
/// What a reader sees of a secret can be sent back and then stands for the secret that is stored, so that GET, edit,
/// PUT works as it does for other fields.
package struct ConfigurationRule: Sendable {
    /// What is stored for a row's configuration. Runs in the transaction of each write of the row, also of one that
    /// does not mention the field (then `given` is what a reader sees), since other fields may decide what is allowed.
    ///
    /// - Parameters: given: the object as sent. row: the row as it will be. before: the row as it was; nil at creation.
    /// - Throws: `ResourceError.invalid`, with the member named after the field: `config.smtp_port`.
    package var settle:
        @Sendable (_ given: JSONObject, _ row: ResourceRecord, _ before: ResourceRecord?) throws -> JSONObject
    /// The JSON Schema of the object, for the OpenAPI document.
    package var schema: JSONObject

    package init(
        schema: JSONObject = ["type": "object"],
        settle:
            @escaping @Sendable (_ given: JSONObject, _ row: ResourceRecord, _ before: ResourceRecord?) throws
            -> JSONObject
    ) {
        self.schema = schema
        self.settle = settle
    }
}

/// A secret inside a stored configuration: its sealed text, and what is shown in its place.
package struct SealedMember: Sendable, Hashable {
    /// What is shown in place of most secrets.
    package static let mask = "******"

    /// The text as encrypted; only its owner can open it.
    package var sealed: String
    /// Shown to readers; sent back, it means "as it is".
    package var shown: String

    package init(sealed: String, shown: String = SealedMember.mask) {
        self.sealed = sealed
        self.shown = shown
    }

    /// The member as it stands in the store.
    package var json: JSONValue { [Self.sealedKey: .string(sealed), Self.shownKey: .string(shown)] }

    /// Reads the stored form; nil for any other value.
    package init?(_ value: JSONValue) {
        guard case .object(let object) = value, object.count == 2, let sealed = object[Self.sealedKey]?.string,
            let shown = object[Self.shownKey]?.string
        else { return nil }
        self.init(sealed: sealed, shown: shown)
    }

    /// Whether a text that was sent stands for this secret.
    package func isMeant(by text: String) -> Bool { text == Self.mask || text == shown }

    // The owner's rule decides the type of every member, so that nobody can send an object of this form.
    private static let sealedKey = "$sealed"
    private static let shownKey = "shown"
}

extension JSONValue {
    /// The value with every sealed member in it replaced.
    package func replacingSealed(
        _ replacement: (SealedMember) throws -> JSONValue
    ) rethrows -> JSONValue {
        switch self {
        case .object(let object):
            if let member = SealedMember(self) { return try replacement(member) }
            var result = JSONObject()
            for (key, value) in object { result[key] = try value.replacingSealed(replacement) }
            return .object(result)
        case .array(let elements):
            return .array(try elements.map { try $0.replacingSealed(replacement) })
        default:
            return self
        }
    }
}

extension Resource {
    /// Lets the rules of configuration fields work on a row that is about to be written.
    func settleConfigurations(_ record: inout ResourceRecord, _ before: ResourceRecord?) throws {
        for field in fields {
            guard case .configuration(let rule) = field.type, let given = record.json(field.name)?.object else {
                continue
            }
            let isUnmentioned = before != nil && record[field.name] == before?[field.name]
            let seen = isUnmentioned ? JSONValue.object(given).replacingSealed { .string($0.shown) } : .object(given)
            record.set(field.name, json: .object(try rule.settle(seen.object ?? JSONObject(), record, before)))
        }
    }
}
