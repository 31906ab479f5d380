// A body, read and checked as far as that goes without the store.

import JSON
import Storage

/// What a body says, field by field.
struct PreparedInput: Sendable {
    /// The writable fields that the body sets (or that their defaults set), as stored.
    var values: [String: SQLValue] = [:]
    /// Fields that cannot be set now but were given: they must equal what is there.
    var echoes: [(field: Field, value: JSONValue)] = []
    /// The state that the sender has seen.
    var expectedUpdate: Timestamp?
    /// Secrets made here, to be shown once.
    var generated: [String: String] = [:]
}

extension Resource {
    /// No body is reported with more faults than this.
    private static let maximumFaults = 50

    /// Reads the body of a create, replace or patch.
    ///
    /// Create and replace are whole: what is missing gets its default, or null, or is a fault when required. A secret
    /// that a replace does not mention stays, since nobody can read it to send it back. What the server sets is
    /// refused at creation; afterwards it may be sent back as it was read (so that GET, edit, PUT works), and
    /// `updated_at` then makes the write conditional. Computed members are read over there.
    func prepare(_ body: JSONObject, for operation: ResourceOperation) throws -> PreparedInput {
        var input = PreparedInput()
        var errors: [FieldError] = []
        for (name, value) in body {
            guard let field = field(name) else {
                if !computed.contains(where: { $0.name == name }) {
                    errors.append(FieldError(name, "is not a field of \(self.name)"))
                } else if operation == .create {
                    errors.append(FieldError(name, "is worked out by the server and cannot be given"))
                }
                continue
            }
            do throws(FieldFault) {
                try take(field, value, operation, &input)
            } catch {
                errors.append(FieldError(name, error.message))
            }
        }
        if operation != .patch { fillIn(body, operation, &input, &errors) }
        guard errors.isEmpty else { throw ResourceError.invalid(Array(errors.prefix(Self.maximumFaults))) }
        try seal(&input)
        return input
    }

    private func take(
        _ field: Field,
        _ value: JSONValue,
        _ operation: ResourceOperation,
        _ input: inout PreparedInput
    ) throws(FieldFault) {
        if field.isReadOnly || (field.isCreateOnly && operation != .create) {
            guard operation != .create else { throw FieldFault("is set by the server and cannot be given") }
            if field.name == "updated_at", standard.contains(.updatedAt) {
                do throws(TimestampError) {
                    input.expectedUpdate = try Timestamp(json: value)
                } catch {
                    throw FieldFault(error.message)
                }
            } else {
                input.echoes.append((field, value))
            }
            return
        }
        if value.isNull {
            guard field.isNullable else { throw FieldFault("must not be null") }
            input.values[field.name] = .null
            return
        }
        input.values[field.name] = try field.storable(value).get()
    }

    /// What the body does not mention.
    private func fillIn(
        _ body: JSONObject,
        _ operation: ResourceOperation,
        _ input: inout PreparedInput,
        _ errors: inout [FieldError]
    ) {
        for field in fields where !field.isReadOnly && body[field.name] == nil {
            if operation == .replace, field.isCreateOnly || field.isSecret { continue }
            if case .secret(let rule) = field.type, let secret = rule.generate?() {
                input.values[field.name] = .text(secret)
                input.generated[field.name] = secret
            } else if field.isRequired {
                errors.append(FieldError(field.name, "is required"))
            } else if let value = field.defaultValue {
                // Declarations are checked at start: the default fits.
                input.values[field.name] = try? field.storable(value).get()
            } else {
                input.values[field.name] = .null
            }
        }
    }

    private func seal(_ input: inout PreparedInput) throws {
        for field in fields {
            guard case .text(let text)? = input.values[field.name] else { continue }
            switch field.type {
            case .secret(let rule): input.values[field.name] = .text(try rule.seal(text))
            case .secretList(let rule):
                let secrets = (try JSONValue(parsing: text)).array ?? []
                let sealed = try secrets.map { JSONValue.string(try rule.seal($0.string ?? "")) }
                input.values[field.name] = .text(JSONValue.array(sealed).text)
            default: continue
            }
        }
    }

    /// What read-only fields get at creation before the server sets them.
    var initialValues: [String: SQLValue] {
        var values: [String: SQLValue] = [:]
        for field in fields where field.isReadOnly {
            if let value = field.defaultValue { values[field.name] = try? field.storable(value).get() }
        }
        return values
    }
}
