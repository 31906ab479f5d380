// What a shield would hide, counted before anybody saves it.

package import JSON
package import Resources
package import Storage

/// A look at the open alerts and at the events of the last day with a shield that need not exist.
///
/// Reads in pages, each a transaction of its own, so that nothing is held up; and no more than `Bounds` say, in which
/// case the answer has `is_complete` false: the newest were looked at.
package struct ShieldPreview: Sendable {
    /// How much is looked at.
    package struct Bounds: Sendable {
        package var alerts: Int
        package var events: Int
        /// Rows a transaction.
        package var page: Int

        package init(alerts: Int = 20_000, events: Int = 50_000, page: Int = 1_000) {
            self.alerts = alerts
            self.events = events
            self.page = page
        }
    }

    static let maximumExamples = 20
    private static let day: Int64 = 86_400_000

    let matches: MatchRules
    let schedule: RuleSchedule
    let team: Int64
    /// The moment of which is told what would be hidden.
    let at: Int64
    /// Events that arrived before are not looked at.
    let since: Int64
    let bounds: Bounds

    /// - Parameters:
    ///   - body: a shield as it would be created; only `match_type`, `match_rules` and `suppression_time` count, of
    ///     which the last may be missing (always). Beside them `at`: the moment to look at, else now, or when the shield
    ///     is next in force.
    ///   - now: epoch milliseconds.
    /// - Throws: `ResourceError.invalid` with every fault.
    package init(
        _ body: JSONObject,
        team: Int64,
        now: Int64,
        bounds: Bounds = Bounds()
    ) throws(ResourceError) {
        for member in body.keys where member != "at" && ShieldResource.resource.field(member) == nil {
            throw .invalid(member, "is not a field of shield")
        }
        var record = ResourceRecord()
        record.set("match_type", body["match_type"]?.string ?? (body["match_type"] == nil ? "filter" : ""))
        record.set("match_rules", json: body["match_rules"] ?? .array([]))
        record.set("suppression_time", json: body["suppression_time"] ?? [:])
        var reader = RuleReader(record)
        if record.text("match_type") == "all" { reader.note("match_type", ShieldRule.allIsRefused) }
        matches = reader.matchRules()
        schedule = reader.schedule("suppression_time")
        var at = schedule.isActive(at: now) ? now : schedule.nextChange(after: now) ?? now
        if let given = body["at"], !given.isNull {
            do throws(TimestampError) {
                at = try Timestamp(json: given).milliseconds
            } catch {
                reader.note("at", error.message)
            }
        }
        do throws(RuleFaults) {
            try reader.finish()
        } catch {
            throw error.refusal
        }
        self.at = at
        self.team = team
        self.bounds = bounds
        since = now - Self.day
    }

    /// The answer as the envelope's data:
    ///
    /// - `at`, `is_in_force` (then), `in_force_until` (null: no end in sight).
    /// - `open_alerts`: `would_hide`, `matching` (whatever the time), `matching_only_by_missing_labels`, `examined`,
    ///   `is_complete`.
    /// - `events`: those that arrived in the last 24 hours, `since`; `would_have_hidden` counts those within the
    ///   windows, when they come again, else all that match.
    /// - `examples`: up to 20 open alerts, with `only_by_missing_labels`.
    package func run(_ database: any Database) async throws -> JSONValue {
        let (alerts, examples) = try await alertTally(database)
        let events = try await eventTally(database)
        let isInForce = schedule.isActive(at: at)
        let until = isInForce ? schedule.nextChange(after: at) : nil
        var open: JSONObject = ["would_hide": .integer(isInForce ? alerts.matching : 0)]
        for member in alerts.json { open[member.key] = member.value }
        var recent: JSONObject = [
            "since": Timestamp(milliseconds: since).json, "would_have_hidden": .integer(events.inForce),
        ]
        for member in events.json { recent[member.key] = member.value }
        return [
            "at": Timestamp(milliseconds: at).json,
            "is_in_force": .bool(isInForce),
            "in_force_until": until.map { Timestamp(milliseconds: $0).json } ?? .null,
            "open_alerts": .object(open),
            "events": .object(recent),
            "examples": .array(examples),
        ]
    }

    /// Counts of one kind of rows.
    struct Tally: Sendable {
        var examined = 0
        var matching = 0
        var onlyByAbsence = 0
        /// Of those that match, those that the schedule covers too.
        var inForce = 0
        var isComplete = true

        var json: JSONObject {
            [
                "matching": .integer(matching), "matching_only_by_missing_labels": .integer(onlyByAbsence),
                "examined": .integer(examined), "is_complete": .bool(isComplete),
            ]
        }
    }
}
