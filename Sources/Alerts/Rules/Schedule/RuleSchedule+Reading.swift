// Reads a schedule out of JSON, and says what is wrong with it.

package import JSON
package import Resources

extension RuleSchedule {
    private static let members = ["type", "start_time", "end_time", "week_month", "time_zone"]
    private static let types = ["one", "day", "week", "month"]

    /// Reads `{"type","start_time","end_time","week_month","time_zone"}`; an empty object is always in force.
    ///
    /// - `one`: both times in full, ISO 8601 or epoch; without zone they are local.
    /// - `day`, `week`, `month`: times are `HH:MM` or `HH:MM:SS`. An end that is not later than the start lies on the
    ///   next day; equal ones are 24 hours; `24:00` and `23:59:59`, which forms send, are the end of the day.
    /// - `week_month`: for `week` 1 (Monday) to 7, where 0 is Sunday as well as 7; for `month` 1 to 31.
    /// - `time_zone`: an IANA name or an offset.
    ///
    /// - Parameters:
    ///   - zone: when the schedule names none.
    ///   - field: what the fault's place begins with.
    /// - Throws: the first fault with its place: `suppression_time.end_time`.
    package init(_ json: JSONValue, zone: ZoneRule = .utc, field: String = "config") throws(RuleFault) {
        do throws(RuleFault) {
            try self.init(reading: json, zone: zone)
        } catch {
            let inner = field.isEmpty && error.field.hasPrefix(".") ? String(error.field.dropFirst()) : error.field
            throw RuleFault(field + inner, error.message)
        }
    }

    private init(reading json: JSONValue, zone: ZoneRule) throws(RuleFault) {
        guard let object = json.object else { throw RuleFault("", "must be an object, not \(json.typeName)") }
        if object.isEmpty {
            self = .always
            return
        }
        for member in object.keys where !Self.members.contains(member) {
            throw RuleFault(".\(member.harmless(limit: 60))", "is none of \(Self.members.joined(separator: ", "))")
        }
        guard let type = object["type"]?.string, Self.types.contains(type) else {
            throw RuleFault(".type", "must be one of \(Self.types.joined(separator: ", "))")
        }
        var zone = zone
        if let given = object["time_zone"], !given.isNull, given != "" {
            guard let name = given.string, let named = ZoneRule(name: name) else {
                throw RuleFault(".time_zone", "is not a known time zone")
            }
            zone = named
        }
        if type == "one" {
            self.init(kind: try Self.once(object, zone))
        } else {
            self.init(kind: try Self.recurring(object, type, zone))
        }
    }

    private static func once(_ object: JSONObject, _ zone: ZoneRule) throws(RuleFault) -> Kind {
        let start = try moment(object, "start_time", zone)
        let end = try moment(object, "end_time", zone)
        guard start < end else { throw RuleFault(".end_time", "must be later than start_time") }
        return .once(start: start, end: end)
    }

    private static func moment(
        _ object: JSONObject,
        _ member: String,
        _ zone: ZoneRule
    ) throws(RuleFault) -> Int64 {
        guard let given = object[member], !given.isNull else {
            throw RuleFault(".\(member)", "is required with type one")
        }
        do throws(TimestampError) {
            let moment = try Timestamp(json: given)
            // A text without a zone is the one kind of time that depends on where it is read.
            let elsewhere = try Timestamp(json: given, zone: ZoneRule(name: "+01:00") ?? .utc)
            guard moment != elsewhere else { return moment.milliseconds }
            return zone.firstMoment(localMilliseconds: moment.milliseconds).milliseconds
        } catch {
            throw RuleFault(".\(member)", error.message)
        }
    }

    private static func recurring(
        _ object: JSONObject,
        _ type: String,
        _ zone: ZoneRule
    ) throws(RuleFault) -> Kind {
        let start = try timeOfDay(object, "start_time")
        var end = try timeOfDay(object, "end_time")
        guard start < Recurrence.day else { throw RuleFault(".start_time", "must be before 24:00") }
        if end == Recurrence.day - 1_000 { end = Recurrence.day }
        if end <= start { end += Recurrence.day }
        let days: Recurrence.Days =
            switch type {
            case "week": .week(try Self.days(object, 0...7, "1 (Monday) to 7 (Sunday)"))
            case "month": .month(try Self.days(object, 1...31, "1 to 31"))
            default: .every
            }
        return .recurring(Recurrence(days: days, start: start, end: end, zone: zone))
    }

    private static func days(
        _ object: JSONObject,
        _ range: ClosedRange<Int>,
        _ words: String
    ) throws(RuleFault) -> Set<Int> {
        guard let list = object["week_month"]?.array, !list.isEmpty, list.count <= 62 else {
            throw RuleFault(".week_month", "must be a list of days, \(words)")
        }
        var days: Set<Int> = []
        for (index, value) in list.enumerated() {
            guard let day = value.int ?? value.string.flatMap({ Int($0) }), range.contains(day) else {
                throw RuleFault(".week_month[\(index)]", "must be \(words)")
            }
            days.insert(range.lowerBound == 0 && day == 0 ? 7 : day)
        }
        return days
    }

    /// Milliseconds since midnight of `HH:MM[:SS]`; `24:00` is the end of the day.
    private static func timeOfDay(_ object: JSONObject, _ member: String) throws(RuleFault) -> Int64 {
        let bytes = Array((object[member]?.string ?? "").utf8)
        let isShaped =
            (bytes.count == 5 || bytes.count == 8)
            && bytes.enumerated().allSatisfy { $0 % 3 == 2 ? $1 == UInt8(ascii: ":") : (48...57).contains($1) }
        guard isShaped else { throw RuleFault(".\(member)", "must be a time of day: HH:MM or HH:MM:SS") }
        func number(_ place: Int) -> Int64 { Int64(bytes[place] - 48) * 10 + Int64(bytes[place + 1] - 48) }
        let (hour, minute, second) = (number(0), number(3), bytes.count == 8 ? number(6) : 0)
        let total = (hour * 3_600 + minute * 60 + second) * 1_000
        guard minute < 60, second < 60, total <= Recurrence.day else {
            throw RuleFault(".\(member)", "is no time of day")
        }
        return total
    }
}
