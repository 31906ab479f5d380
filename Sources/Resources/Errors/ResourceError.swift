// What can be wrong with a request to a resource, as values that know their HTTP status.

package import Identity

/// One thing that is wrong, and where.
package struct FieldError: Sendable, Hashable {
    /// The field of the body (`level_map`), the query parameter (`page_size`), or the resource that stands in the way.
    /// Empty when the body as a whole is meant.
    package var field: String
    /// Reads on from the field's name: "is required", "must be a string, not an integer".
    package var message: String

    package init(_ field: String, _ message: String) {
        // Names come from outside and may be of any length.
        self.field = field.utf8.count > 200 ? "\(field.prefix(50))…" : field
        self.message = message
    }
}

/// The verbs of a resource.
package enum ResourceOperation: String, Sendable, Hashable, CaseIterable {
    case list
    case get
    case create
    /// PUT: the whole.
    case replace
    /// PATCH: a part.
    case patch
    case delete

    /// Whether it changes something, and so needs the permission to manage.
    package var isWrite: Bool { self != .list && self != .get }
}

/// Why a request to a resource failed. Failures of the store itself are thrown as they are (`DatabaseError`).
package enum ResourceError: Error, Sendable, Equatable {
    /// 400: the body or the query, each fault named.
    case invalid([FieldError])
    /// 404: no such row, or a row of a team that the caller is not in (which must look the same).
    case notFound
    /// 409: a value that is taken, something that refers to the row, or a row that changed meanwhile.
    case conflict(message: String, errors: [FieldError])
    /// 403: the caller lacks this permission.
    case forbidden(Permission)
    /// 405: the resource has no such verb.
    case notAllowed(ResourceOperation)

    /// One field, one fault.
    package static func invalid(_ field: String, _ message: String) -> ResourceError {
        .invalid([FieldError(field, message)])
    }

    /// The HTTP status that tells it.
    package var status: Int {
        switch self {
        case .invalid: 400
        case .forbidden: 403
        case .notFound: 404
        case .notAllowed: 405
        case .conflict: 409
        }
    }

    /// One sentence for a person. With one fault, that fault; with several, how many.
    package var message: String {
        switch self {
        case .invalid(let errors):
            switch errors.count {
            case 0: "invalid request"
            case 1: errors[0].field.isEmpty ? errors[0].message : "\(errors[0].field): \(errors[0].message)"
            default: "\(errors.count) fields are invalid"
            }
        case .forbidden(let permission): "the permission \(permission.name) is needed"
        case .notFound: "not found"
        case .notAllowed(let operation): "\(operation.rawValue) is not possible here"
        case .conflict(let message, _): message
        }
    }

    /// The faults one by one.
    package var errors: [FieldError] {
        switch self {
        case .invalid(let errors), .conflict(_, let errors): errors
        case .forbidden, .notFound, .notAllowed: []
        }
    }
}

/// A declaration that contradicts itself or refers to what is not there: a fault of ours, found at start.
package struct ResourceDeclarationError: Error, Sendable, CustomStringConvertible {
    package var problems: [String]

    package var description: String { problems.joined(separator: "; ") }
}
