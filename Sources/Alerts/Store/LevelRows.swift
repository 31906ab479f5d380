// Levels in the store: the words that mean them.

import JSON
import Resources
import Storage

enum LevelRows {
    /// The words of the ingest with their levels, in lower case: names and aliases of the rows of type `event`.
    static func words(_ connection: any SQLConnection) throws -> [String: AlertLevel] {
        var words: [String: AlertLevel] = [:]
        let rows = try connection.query(
            "SELECT name, level, aliases FROM alert_level WHERE level_type = 'event' ORDER BY id"
        )
        for row in rows {
            guard let level = AlertLevel(try row.text("level")) else { continue }
            for word in [try row.text("name")] + aliases(try row.text("aliases")) { words[word.lowercased()] = level }
        }
        return words
    }

    /// Refuses words that another row of the same type has, or that are one of the four levels.
    static func checkWords(of record: ResourceRecord, _ connection: any SQLConnection) throws {
        var taken: [String: Int64] = [:]
        let rows = try connection.query(
            "SELECT id, name, aliases FROM alert_level WHERE level_type = $1 AND id <> $2",
            [.text(record.text("level_type") ?? ""), .integer(record.id)]
        )
        for row in rows {
            for word in [try row.text("name")] + aliases(try row.text("aliases")) {
                taken[word.lowercased()] = try row.int("id")
            }
        }
        var errors: [FieldError] = []
        let name = record.text("name") ?? ""
        var own: Set<String> = [name.lowercased()]
        if record.boolean("is_built_in") != true, AlertLevel(name) != nil {
            errors.append(FieldError("name", "is one of the four levels"))
        } else if let holder = taken[name.lowercased()] {
            errors.append(FieldError("name", "is a word of level \(holder)"))
        }
        for (index, alias) in aliases(record.text("aliases") ?? "[]").enumerated() {
            let key = alias.lowercased()
            let place = "aliases[\(index)]"
            if key.utf8.allSatisfy({ $0 == 0x20 }) {
                errors.append(FieldError(place, "must not be blank"))
            } else if AlertLevel(key) != nil {
                errors.append(FieldError(place, "is one of the four levels"))
            } else if let holder = taken[key] {
                errors.append(FieldError(place, "is a word of level \(holder)"))
            } else if !own.insert(key).inserted {
                errors.append(FieldError(place, "occurs twice"))
            }
        }
        guard errors.isEmpty else { throw ResourceError.invalid(errors) }
    }

    /// Makes every node look up its sources again, and with them the words: what is remembered of a source is compared
    /// by `updated_at` in each transaction of the ingest (`SourceRows.changed`).
    static func change(at now: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE alert_source SET updated_at = CASE WHEN updated_at >= $1 THEN updated_at + 1 ELSE $1 END",
            [.integer(now)]
        )
    }

    private static func aliases(_ text: String) -> [String] {
        ((try? JSONValue(parsing: text))?.array ?? []).compactMap(\.string)
    }
}
