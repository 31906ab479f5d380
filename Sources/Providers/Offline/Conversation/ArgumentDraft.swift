// Puts what a question names into the arguments that a tool's schema really has.

import JSON

/// Arguments in the making. Each setter does nothing where the schema has no place for the value; what was left out is
/// told in the answer (`FilterWords`), never guessed.
struct ArgumentDraft: Sendable {
    let tool: OfferedTool
    private(set) var arguments: JSONObject = [:]

    init(_ tool: OfferedTool) {
        self.tool = tool
    }

    /// The call, nil when the tool requires something that the question does not give.
    var call: PlannedCall? {
        guard tool.required.allSatisfy({ arguments[$0] != nil }) else { return nil }
        return PlannedCall(name: tool.name, arguments: arguments)
    }

    mutating func set(levels: [AlertLevel]) {
        guard !levels.isEmpty, let property = tool.property(["level", "levels", "severity", "severities"]) else {
            return
        }
        let names = levels.map(\.rawValue).filter { property.values.isEmpty || property.values.contains($0) }
        guard !names.isEmpty else { return }
        if property.takes("array") {
            arguments[property.name] = .array(names.map(JSONValue.string))
        } else if names.count == 1 {
            arguments[property.name] = .string(names[0])
        } else if property.mentions("comma") {
            arguments[property.name] = .string(names.joined(separator: ","))
        }
    }

    mutating func set(status: AskedStatus) {
        guard let property = tool.property(["status", "state"]) else { return }
        // What goes on now includes what somebody is on already, where a tool can say so.
        let both = ["firing", "acknowledged"]
        if status == .firing, property.takes("array"), both.allSatisfy(property.values.contains) {
            arguments[property.name] = .array(both.map(JSONValue.string))
            return
        }
        let value: String
        if property.values.isEmpty {
            guard status != .any, let first = status.spellings.first else { return }
            value = first
        } else {
            guard let known = status.spellings.first(where: property.values.contains) else { return }
            value = known
        }
        arguments[property.name] = property.takes("array") ? [.string(value)] : .string(value)
    }

    mutating func set(host: String) {
        if let property = tool.property(["host", "hostname", "instance"]) {
            arguments[property.name] = property.takes("array") ? [.string(host)] : .string(host)
        } else if !add(labels: [("host", host)]) {
            search(host)
        }
    }

    /// - Parameter matchers: `name=value` texts.
    mutating func set(labels matchers: [String]) {
        let pairs = matchers.compactMap { text -> (String, String)? in
            guard let sign = text.firstIndex(of: "=") else { return nil }
            return (String(text[..<sign]), String(text[text.index(after: sign)...]))
        }
        if !pairs.isEmpty { _ = add(labels: pairs) }
    }

    /// Label filters come as an object, as `name=value` texts, or as objects of key, operator and value.
    private mutating func add(labels pairs: [(name: String, value: String)]) -> Bool {
        guard let property = tool.property(["labels", "label", "matchers"]) else { return false }
        if property.takes("object") {
            var object = arguments[property.name]?.object ?? [:]
            for pair in pairs { object[pair.name] = .string(pair.value) }
            arguments[property.name] = .object(object)
        } else if property.takes("array") {
            let items = property.schema["items"]?["properties"]?.object ?? [:]
            let matchers = pairs.map { items.isEmpty ? .string("\($0.name)=\($0.value)") : Self.matcher($0, items) }
            arguments[property.name] = .array((arguments[property.name]?.array ?? []) + matchers)
        } else if property.takes("string"), pairs.count == 1 {
            arguments[property.name] = .string("\(pairs[0].name)=\(pairs[0].value)")
        } else {
            return false
        }
        return true
    }

    private static func matcher(_ pair: (name: String, value: String), _ items: JSONObject) -> JSONValue {
        var matcher: JSONObject = [:]
        if let key = ["key", "name", "label"].first(where: { items[$0] != nil }) { matcher[key] = .string(pair.name) }
        if items["operator"] != nil { matcher["operator"] = "eq" }
        matcher["value"] = .string(pair.value)
        return .object(matcher)
    }

    mutating func search(_ text: String) {
        guard let property = tool.property(["search", "query", "text", "q", "title", "name"]), property.takes("string")
        else { return }
        arguments[property.name] = .string(text)
    }

    mutating func set(source: String) {
        guard let property = tool.property(["source_id", "source", "source_name", "source_type"]),
            property.takes("string")
        else { return }
        guard property.values.isEmpty || property.values.contains(source) else { return }
        arguments[property.name] = .string(source)
    }

    /// Only where the schema says that spans are understood: without a clock no date can be given.
    mutating func set(window: TimeWindow) {
        guard let property = tool.property(["since", "from", "start", "started_after", "window"]) else { return }
        if let day = window.dayName, property.mentions(day.rawValue) {
            arguments[property.name] = .string(day.rawValue)
        } else if window.date != nil {
            if property.mentions("iso") || property.mentions("date") || property.schema["format"] != nil {
                arguments[property.name] = .string(window.argument)
            }
        } else if property.understandsSpans {
            arguments[property.name] = .string(window.argument)
        }
    }

    /// What had begun so long ago.
    mutating func set(minimumAge window: TimeWindow) {
        guard let property = tool.property(["until", "to", "end", "started_before"]) else { return }
        // "Written as since" is how a schema avoids saying it twice.
        let alike = tool.property(["since", "from", "start", "started_after"])
        let isAlike = property.mentions("since") && alike?.understandsSpans == true
        if property.understandsSpans || isAlike { arguments[property.name] = .string(window.argument) }
    }

    mutating func set(groupBy key: String) {
        guard let property = tool.property(["group_by", "by", "groupBy"]) else { return }
        var spelling: String? = key
        if !property.values.isEmpty {
            let near = ["host": ["host", "instance", "label:host"], "level": ["level", "severity"]][key] ?? [key]
            spelling = near.first(where: property.values.contains)
        } else if key.hasPrefix("label:"), !property.mentions("label:") {
            spelling = property.mentions("label") ? String(key.dropFirst(6)) : nil
        } else if key == "host", !property.mentions("host"), property.mentions("label:") {
            spelling = "label:host"
        }
        guard let spelling else { return }
        arguments[property.name] = property.takes("array") ? [.string(spelling)] : .string(spelling)
    }

    mutating func set(limit: Int) {
        guard let property = tool.property(["limit", "page_size", "rows"]) else { return }
        let most = property.schema["maximum"]?.int ?? limit
        let least = property.schema["minimum"]?.int ?? 1
        arguments[property.name] = .number(JSONNumber(max(least, min(limit, most))))
    }

    mutating func set(cursor: String) {
        guard let property = tool.property(["cursor", "page_token"]), property.takes("string") else { return }
        arguments[property.name] = .string(cursor)
    }

    /// An id as the schema wants it: a number where it says integer.
    mutating func set(id: String) {
        guard let property = tool.property(["id", "alert_id"]) else { return }
        if property.takes("integer") || property.takes("number"), let number = Int64(id) {
            arguments[property.name] = .integer(number)
        } else if property.takes("string") || property.types.isEmpty {
            arguments[property.name] = .string(id)
        }
    }

    /// Ids or names: numbers where the schema's elements are.
    mutating func set(list names: [String], _ texts: [String]) {
        guard let property = tool.property(names), property.takes("array"), !texts.isEmpty else { return }
        let wantsNumbers = OfferedProperty(name: "", schema: property.schema["items"] ?? .null).takes("integer")
        let numbers = texts.compactMap { Int64($0) }
        if wantsNumbers, numbers.count != texts.count { return }
        arguments[property.name] = .array(
            wantsNumbers ? numbers.map { .integer($0) } : texts.map(JSONValue.string)
        )
    }

    /// Equalities in the form of the rules (`name`, `operator`, `value`), in the operator's spelling of the schema.
    mutating func set(matchers pairs: [(name: String, value: String)]) {
        guard let property = tool.property(["matchers"]), property.takes("array") else { return }
        let items = property.schema["items"]?["properties"]?.object ?? [:]
        let spellings = items["operator"]?["enum"]?.array?.compactMap(\.string) ?? []
        let equal = ["eq", "=", "==", "equal", "equals"].first(where: spellings.contains) ?? "eq"
        arguments[property.name] = .array(
            pairs.map { pair in
                var matcher: JSONObject = [:]
                matcher[items["name"] == nil && items["key"] != nil ? "key" : "name"] = .string(pair.name)
                if items.isEmpty || items["operator"] != nil { matcher["operator"] = .string(equal) }
                matcher["value"] = .string(pair.value)
                return .object(matcher)
            }
        )
    }

    mutating func set(text names: [String], _ text: String) {
        guard let property = tool.property(names), property.takes("string") else { return }
        let most = property.schema["maxLength"]?.int ?? 400
        arguments[property.name] = .string(String(String.UnicodeScalarView(text.unicodeScalars.prefix(most))))
    }

    mutating func set(flag names: [String]) {
        guard let property = tool.property(names), property.takes("boolean") else { return }
        arguments[property.name] = true
    }

    mutating func set(raw name: String, _ value: JSONValue) {
        arguments[name] = value
    }
}

/// A call that the offline model wants to make.
struct PlannedCall: Sendable, Hashable {
    let name: String
    let arguments: JSONObject
}
