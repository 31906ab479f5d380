// The parts of an assignment: people, channels, reminders, escalation.

import JSON

extension RuleReader {
    private static let maximumPeople = 100
    private static let maximumChannels = 20
    private static let maximumSteps = 10

    /// Usernames and mail addresses, each once. Whether there are such users is asked in the transaction that saves.
    mutating func personnel(_ json: JSONValue, _ field: String) -> [String] {
        guard let list = json.array, list.count <= Self.maximumPeople else {
            note(field, "must be a list of at most \(Self.maximumPeople) usernames or mail addresses")
            return []
        }
        var people: [String] = []
        for (index, value) in list.enumerated() {
            guard let name = value.string, Receiver.isPlain(name) else {
                note("\(field)[\(index)]", "must be a username or a mail address")
                continue
            }
            if people.contains(name) {
                note("\(field)[\(index)]", "occurs twice")
            } else {
                people.append(name)
            }
        }
        return people
    }

    mutating func identifiers(_ json: JSONValue, _ field: String) -> [Int64] {
        guard let list = json.array, list.count <= Self.maximumChannels else {
            note(field, "must be a list of at most \(Self.maximumChannels) channels")
            return []
        }
        var channels: [Int64] = []
        for (index, value) in list.enumerated() {
            guard let id = value.int.map({ Int64($0) }), id > 0 else {
                note("\(field)[\(index)]", "must be the id of a channel")
                continue
            }
            if channels.contains(id) {
                note("\(field)[\(index)]", "occurs twice")
            } else {
                channels.append(id)
            }
        }
        return channels
    }

    /// `{"critical":{"interval_minutes":10,"max_count":5}}`, levels by name or number.
    mutating func frequency(_ field: String) -> [AlertLevel: ReminderPace] {
        var frequency: [AlertLevel: ReminderPace] = [:]
        for (word, json) in self.json(field).object ?? [:] {
            let place = "\(field).\(word.harmless(limit: 60))"
            guard let level = AlertLevel(word) else {
                note(place, "is no level: \(AlertLevel.names.joined(separator: ", ")) or 0 to 3")
                continue
            }
            guard let pace = members(json, ["interval_minutes", "max_count"], place) else { continue }
            let interval = number(pace, "interval_minutes", 1...10_080, place)
            let count = number(pace, "max_count", 1...1_000, place)
            if frequency.updateValue(ReminderPace(intervalMinutes: interval, maxCount: count), forKey: level) != nil {
                note(place, "is the same level as one before")
            }
        }
        return frequency
    }

    /// `[{"after_minutes":30,"personnel":[…],"notify_channels":[…]}]`, each step later than the one before.
    mutating func escalation(_ field: String) -> [EscalationStep] {
        let list = json(field).array ?? []
        if list.count > Self.maximumSteps { note(field, "must not have more than \(Self.maximumSteps) steps") }
        var steps: [EscalationStep] = []
        for (index, json) in list.prefix(Self.maximumSteps).enumerated() {
            let place = "\(field)[\(index)]"
            guard let step = members(json, ["after_minutes", "personnel", "notify_channels"], place) else { continue }
            let after = number(step, "after_minutes", 1...43_200, place)
            if let last = steps.last, after <= last.afterMinutes {
                note("\(place).after_minutes", "must be later than in the step before")
            }
            let people = personnel(step["personnel"] ?? .array([]), "\(place).personnel")
            let channels = identifiers(step["notify_channels"] ?? .null, "\(place).notify_channels")
            if step["notify_channels"] == .array([]) {
                note("\(place).notify_channels", "must name at least one channel")
            }
            steps.append(EscalationStep(afterMinutes: after, personnel: people, channels: channels))
        }
        return steps
    }

    private mutating func members(_ json: JSONValue, _ names: [String], _ place: String) -> JSONObject? {
        guard let object = json.object else {
            note(place, "must be an object with \(names.joined(separator: ", "))")
            return nil
        }
        for name in object.keys where !names.contains(name) {
            note("\(place).\(name.harmless(limit: 60))", "is none of \(names.joined(separator: ", "))")
        }
        return object
    }

    private mutating func number(
        _ object: JSONObject,
        _ member: String,
        _ range: ClosedRange<Int64>,
        _ place: String
    ) -> Int64 {
        guard let number = object[member]?.int.map({ Int64($0) }), range.contains(number) else {
            note("\(place).\(member)", "must be an integer from \(range.lowerBound) to \(range.upperBound)")
            return range.lowerBound
        }
        return number
    }
}

/// A name that a notice goes to.
enum Receiver {
    /// Whether it is a mail address and not a username.
    static func isAddress(_ name: String) -> Bool { name.contains("@") }

    /// Something that can be a username or an address: nothing that means something in a header or a list (RFC 5322
    /// section 3.2.3 allows more, quoted, which nobody has).
    static func isPlain(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 254 else { return false }
        let isClean = name.unicodeScalars.allSatisfy { scalar in
            scalar.value > 0x20 && !(0x7F...0x9F).contains(scalar.value)
                && !"<>()[]\\,;:\"|".unicodeScalars.contains(scalar)
        }
        guard isClean, isAddress(name) else { return isClean }
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty && !parts[1].hasPrefix(".")
            && !parts[1].hasSuffix(".")
    }
}
