// Why a user or an API secret could not be created or changed.

import Identity

/// What is wrong with a request about users or API secrets. Safe to show; holds no secret.
package enum AccountFailure: Error, Sendable, Hashable {
    /// A field's value is not acceptable. The message goes on from the field's name: "must have at least …".
    case invalid(field: String, message: String)
    /// The user name is taken in its domain.
    case duplicateUser
    /// No such row, or not one that the caller may see.
    case notFound
    /// The last active administrator can be neither deactivated nor given another role.
    case lastAdministrator
    /// The user has as many API secrets as a user may have.
    case tooManySecrets(maximum: Int)

    /// One sentence for the client.
    package var message: String {
        switch self {
        case .invalid(let field, let message): "\(field): \(message)"
        case .duplicateUser: "A user with this name exists already."
        case .notFound: "Not found."
        case .lastAdministrator: "The last active administrator must stay one."
        case .tooManySecrets(let maximum): "A user can have at most \(maximum) API secrets; delete one first."
        }
    }

    /// The HTTP status that says the same.
    package var status: Int {
        switch self {
        case .invalid: 400
        case .notFound: 404
        case .duplicateUser, .lastAdministrator, .tooManySecrets: 409
        }
    }

    /// The field that is at fault, as the client called it.
    package var field: String? {
        switch self {
        case .invalid(let field, _): field
        case .duplicateUser: "username"
        default: nil
        }
    }
}

extension AccountFailure: CustomStringConvertible {
    package var description: String { message }
}
