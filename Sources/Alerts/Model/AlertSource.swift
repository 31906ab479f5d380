// A source: a sender of events that we know, as the ingest needs it.

package import Identity
package import JSON
package import Resources
package import Storage

/// A row of `alert_source`, ready for use.
package struct AlertSource: Sendable {
    package var id: Int64
    package var team: Int64
    package var name: String
    /// What senders call it.
    package var sourceID: String
    package var sourceType: String
    package var zone: ZoneRule
    package var levels: LevelMap
    /// How bodies of no known form are read; nil when the source has none.
    package var mapping: EventMapping?
    /// The status of a good answer: 200, or 202 for senders that compare with it.
    package var successStatus: Int
    package var isActive: Bool
    /// The hash of the secret, and of the one before it with the moment until which it is still good.
    package var secret: CredentialHash
    package var previousSecret: CredentialHash?
    package var previousSecretUntil: Int64
    /// Silence after which an open alert is closed; 0: never.
    package var autoCloseMinutes: Int64
    /// Episodes of one thing within the window that make it flapping; 0: nothing does.
    package var flapCount: Int64
    package var flapWindowMinutes: Int64
    /// Later with every change; tells whether what was looked up is still so.
    package var updatedAt: Int64

    /// Whether one of the hashes is this source's secret. Looks at all of them, so that the time tells nothing.
    package func accepts(_ presented: [CredentialHash], now: Int64) -> Bool {
        var accepted = false
        for hash in presented {
            let isCurrent = hash.matches(secret)
            let isPrevious = previousSecret.map { hash.matches($0) && now < previousSecretUntil } ?? false
            accepted = accepted || isCurrent || isPrevious
        }
        return accepted
    }

    package init(_ row: SQLRow) throws {
        id = try row.int("id")
        team = try row.int("team")
        name = try row.text("name")
        sourceID = try row.text("source_id")
        sourceType = try row.text("source_type")
        // What was checked when it was saved may have left the system's zone database since; events must go on.
        zone = ZoneRule(name: try row.text("time_zone")) ?? .utc
        levels = LevelMap(json: try? JSONValue(parsing: try row.text("level_map")))
        let mapped = try row.optionalText("mapping").flatMap { try? JSONValue(parsing: $0) }?.object ?? [:]
        mapping = mapped.isEmpty ? nil : try? EventMapping(mapped)
        successStatus = Int(try row.int("success_status"))
        isActive = try row.bool("is_active")
        guard let hash = CredentialHash(hexadecimal: try row.text("secret")) else {
            throw DatabaseError(.decoding, "column secret: not a hash")
        }
        secret = hash
        previousSecret = try row.optionalText("previous_secret").flatMap { CredentialHash(hexadecimal: $0) }
        previousSecretUntil = try row.optionalInt("previous_secret_until") ?? 0
        autoCloseMinutes = try row.int("auto_close_minutes")
        flapCount = try row.int("flap_count")
        flapWindowMinutes = try row.int("flap_window_minutes")
        updatedAt = try row.int("updated_at")
    }
}

extension LevelMap {
    /// `{"High":"critical"}`; entries that are no levels are left out (they are refused when a source is saved).
    package init(json: JSONValue?) {
        var own: [String: AlertLevel] = [:]
        for (word, level) in json?.object ?? [:] {
            if let level = level.string.flatMap({ AlertLevel($0) }) { own[word] = level }
        }
        self.init(own)
    }

    /// What is wrong with a level map that somebody wants to save; nil when nothing is.
    package static func problem(_ json: JSONValue) -> String? {
        for (word, level) in json.object ?? [:] {
            if word.isEmpty { return "has an empty word" }
            guard let text = level.string, AlertLevel(text) != nil else {
                return "gives \(word.cut(to: 60)) a level that is none of \(AlertLevel.names.joined(separator: ", "))"
            }
        }
        return nil
    }
}
