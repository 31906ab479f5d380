// The query parameters of the list of alerts: ours, and bk-lite's (bk-lite.md section 2.6).

import Identity
import JSON
import Resources
import Storage

enum AlertListFilters {
    static let all: [QueryFilter] = ours + bkLite

    private static let ours: [QueryFilter] = [
        QueryFilter("source_id", description: "What senders call the source; several with commas.") { given in
            AlertConditions.sources(given.value.split(separator: ",").map(String.init))
        },
        QueryFilter("since", description: "Was going on at or after this time.") { given in
            AlertConditions.since(try moment(given))
        },
        QueryFilter("until", description: "Had begun by this time.") { given in
            AlertConditions.until(try moment(given))
        },
        QueryFilter("active", description: "Still going on, or not.", schema: ["type": "boolean"]) { given in
            AlertConditions.isOpen(try flag(given))
        },
        QueryFilter(prefix: "label.", description: "Has this label; empty: has it not.") { given in
            AlertConditions.label(LabelMatcher(name: given.name, value: given.value))
        },
        QueryFilter("labels", description: "A JSON object of labels, all of which the alert has.") { given in
            guard case .object(let object)? = try? JSONValue(parsing: given.value), object.count <= 20 else {
                throw ResourceError.invalid(given.name, "must be a JSON object of at most 20 labels")
            }
            var conditions: [SQLFragment] = []
            for (label, value) in object {
                guard let text = value.string, !text.utf8.contains(0), !label.utf8.contains(0) else {
                    throw ResourceError.invalid(given.name, "must have strings as values")
                }
                conditions.append(AlertConditions.label(LabelMatcher(name: label, value: text)))
            }
            return SQLFragment.joined(conditions, " AND ", empty: "1 = 1")
        },
        QueryFilter(
            "handling",
            description: "Where it stands; several with commas: \(HandlingState.names.joined(separator: ", "))."
        ) { given in
            let states = try given.value.split(separator: ",").map { word in
                guard let state = HandlingState(rawValue: String(word)) else {
                    let names = HandlingState.names.joined(separator: ", ")
                    throw ResourceError.invalid(given.name, "must be one of \(names)")
                }
                return state
            }
            guard !states.isEmpty else { throw ResourceError.invalid(given.name, "must not be empty") }
            return AlertConditions.handling(states)
        },
        QueryFilter("is_shielded", description: "Hidden by a shield, or not.", schema: ["type": "boolean"]) { given in
            try flag(given) ? "alert.shield IS NOT NULL" : "alert.shield IS NULL"
        },
    ]

    private static let bkLite: [QueryFilter] = [
        QueryFilter("operator", description: "Given to this user.") { given in
            AlertConditions.hasOperator(given.value, given.dialect)
        },
        QueryFilter("my_alert", description: "Given to the caller.", schema: ["type": "boolean"]) { given in
            let mine = AlertConditions.hasOperator(given.caller.username, given.dialect)
            return try flag(given) ? mine : "NOT (\(mine))"
        },
        QueryFilter("has_incident", description: "Belongs to an incident, or not.", schema: ["type": "boolean"]) {
            given in
            try flag(given) ? "alert.incident IS NOT NULL" : "alert.incident IS NULL"
        },
        QueryFilter("incident_id", description: "Belongs to this incident.", schema: ["type": "integer"]) { given in
            "alert.incident = \(try number(given))"
        },
        QueryFilter("alert_id", description: "This alert.", schema: ["type": "integer"]) { given in
            "alert.id = \(try number(given))"
        },
        QueryFilter("activate", description: "With any value but false: only what still goes on.") { given in
            ["false", "0"].contains(given.value.lowercased()) ? "1 = 1" : AlertConditions.isOpen(true)
        },
        QueryFilter("created_at_after", description: "Arrived at this time or later.") { given in
            "alert.created_at >= \(try moment(given))"
        },
        QueryFilter("created_at_before", description: "Arrived at this time or earlier.") { given in
            "alert.created_at <= \(try moment(given))"
        },
        QueryFilter("source_name", description: "What people call the source; several with commas.") { given in
            AlertConditions.sourceNames(given.value.split(separator: ",").map(String.init))
        },
        QueryFilter("title", description: "The title contains this, in upper or lower case.") { given in
            AlertConditions.titleContains(given.value)
        },
        QueryFilter("content", description: "The description contains this, in upper or lower case.") { given in
            AlertConditions.detailsContain(given.value)
        },
    ]

    static func moment(_ given: FilterArgument) throws -> Timestamp {
        if let moment = try? Timestamp(parsing: given.value) { return moment }
        do {
            // A plus sign that was not percent-encoded has become a space by then.
            return try Timestamp(parsing: given.value.replacingLastSpace(with: "+"))
        } catch {
            throw ResourceError.invalid(given.name, error.message)
        }
    }

    static func flag(_ given: FilterArgument) throws -> Bool {
        switch given.value.lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default: throw ResourceError.invalid(given.name, "must be true or false")
        }
    }

    static func number(_ given: FilterArgument) throws -> Int64 {
        guard let number = Int64(given.value) else { throw ResourceError.invalid(given.name, "must be an integer") }
        return number
    }
}

extension String {
    func replacingLastSpace(with character: Character) -> String {
        guard let space = lastIndex(of: " ") else { return self }
        return self[..<space] + String(character) + self[index(after: space)...]
    }
}
