// The body of an action, read and checked as far as that goes without the store.

import JSON
import Resources

/// What an action is asked to do, whatever it acts on.
struct ActionRequest: Sendable {
    /// Each once, in the order given.
    var ids: [Int64]
    /// Usernames or mail addresses.
    var assignees: [String] = []
    /// The assignment rule whose people and channels are taken.
    var assignment: Int64?
    /// Channels over which the assignees are told, when no rule is named.
    var channels: [Int64] = []
    /// Why; kept with what it ends.
    var reason = ""
    /// For the log.
    var note = ""
    /// Incidents only: their open alerts as well.
    var withAlerts = false

    static let maximumItems = 100
    static let maximumAssignees = 50
    private static let maximumText = 2_000

    /// - Parameters:
    ///   - field: `alert_id` or `incident_id`.
    ///   - givesAway: the action names people, or a rule that does.
    /// - Throws: `ResourceError.invalid` with every faulty member.
    init(_ body: JSONObject, field: String, givesAway: Bool, takesAlerts: Bool = false) throws(ResourceError) {
        ids = []
        var errors: [FieldError] = []
        for (name, value) in body where value != .null {
            do throws(Fault) {
                switch name {
                case field: ids = try Self.ids(value, most: Self.maximumItems)
                case "assignee", "assignees": assignees = try Self.people(value)
                case "assignment_id": assignment = try Self.id(value)
                case "notify_channels": channels = try Self.ids(value, most: Self.maximumAssignees)
                case "reason": reason = try Self.text(value)
                case "note": note = try Self.text(value)
                case "with_alerts" where takesAlerts:
                    guard case .bool(let flag) = value else { throw Fault("must be a boolean") }
                    withAlerts = flag
                default: throw Fault("is not known here")
                }
            } catch {
                errors.append(FieldError(name, error.message))
            }
        }
        if ids.isEmpty, !errors.contains(where: { $0.field == field }) {
            errors.append(FieldError(field, "must name at least one"))
        }
        if givesAway, assignees.isEmpty, assignment == nil, !errors.contains(where: { $0.field.hasPrefix("assignee") })
        {
            errors.append(FieldError("assignee", "must name at least one person, or assignment_id a rule that does"))
        }
        guard errors.isEmpty else { throw .invalid(errors) }
    }

    private struct Fault: Error {
        var message: String

        init(_ message: String) { self.message = message }
    }

    /// Numbers, or texts of digits as bk-lite's clients send them.
    private static func id(_ value: JSONValue) throws(Fault) -> Int64 {
        let number = value.int.map { Int64($0) } ?? value.string.flatMap { Int64($0) }
        guard let number, number > 0 else { throw Fault("must be the number of a row, not \(value.text.cut(to: 60))") }
        return number
    }

    private static func ids(_ value: JSONValue, most: Int) throws(Fault) -> [Int64] {
        guard case .array(let elements) = value else { throw Fault("must be an array of numbers") }
        guard elements.count <= most else { throw Fault("must not have more than \(most) elements") }
        var ids: [Int64] = []
        for element in elements {
            let id = try id(element)
            if !ids.contains(id) { ids.append(id) }
        }
        return ids
    }

    private static func people(_ value: JSONValue) throws(Fault) -> [String] {
        guard case .array(let elements) = value else { throw Fault("must be an array of usernames") }
        guard elements.count <= maximumAssignees else {
            throw Fault("must not have more than \(maximumAssignees) elements")
        }
        var people: [String] = []
        for element in elements {
            guard let name = element.string, !name.isEmpty, name.utf8.count <= 255, !name.utf8.contains(0) else {
                throw Fault("must be an array of usernames of at most 255 bytes")
            }
            if !people.contains(name) { people.append(name) }
        }
        return people
    }

    private static func text(_ value: JSONValue) throws(Fault) -> String {
        guard let text = value.string else { throw Fault("must be a string") }
        guard text.utf8.count <= maximumText else { throw Fault("must not be longer than \(maximumText) bytes") }
        return text.storable
    }
}
