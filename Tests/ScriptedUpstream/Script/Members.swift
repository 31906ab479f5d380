// Reads the members of a script object by name and type, and refuses what nobody asked for: a typo must not pass.

/// The members of one object of a script, with the path that messages name.
struct Members {
    let path: String
    private var rest: [String: Value]

    /// - Throws: ``ScriptError`` if the value is not an object.
    init(_ value: Value, path: String) throws(ScriptError) {
        guard let members = value.object else { throw ScriptError("\(path) must be an object, not \(value.typeName)") }
        self.path = path
        self.rest = members
    }

    /// The member, or nil where it is missing; `null` is a value.
    mutating func take(_ name: String) -> Value? {
        rest.removeValue(forKey: name)
    }

    mutating func string(_ name: String) throws(ScriptError) -> String? {
        try take(name).map { value throws(ScriptError) in try expect(value.string, "a string", name) }
    }

    mutating func flag(_ name: String, default standard: Bool) throws(ScriptError) -> Bool {
        guard let value = take(name) else { return standard }
        return try expect(value.bool, "true or false", name)
    }

    mutating func integer(_ name: String, from minimum: Int = 0) throws(ScriptError) -> Int? {
        guard let value = take(name) else { return nil }
        guard let number = value.integer, number >= minimum else {
            throw ScriptError("\(path).\(name) must be an integer from \(minimum)")
        }
        return number
    }

    mutating func array(_ name: String) throws(ScriptError) -> [Value]? {
        try take(name).map { value throws(ScriptError) in try expect(value.array, "an array", name) }
    }

    mutating func strings(_ name: String) throws(ScriptError) -> [String]? {
        guard let values = try array(name) else { return nil }
        var texts: [String] = []
        for value in values {
            texts.append(try expect(value.string, "an array of strings", name))
        }
        return texts
    }

    mutating func object(_ name: String) throws(ScriptError) -> [String: Value]? {
        try take(name).map { value throws(ScriptError) in try expect(value.object, "an object", name) }
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        default standard: Choice
    ) throws(ScriptError) -> Choice where Choice.RawValue == String {
        guard let value = take(name) else { return standard }
        guard let text = value.string, let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ScriptError("\(path).\(name) must be one of \(names)")
        }
        return choice
    }

    /// - Throws: ``ScriptError`` naming the members that nobody took.
    func finish() throws(ScriptError) {
        guard rest.isEmpty else {
            throw ScriptError("\(path) has unknown members: \(rest.keys.sorted().joined(separator: ", "))")
        }
    }

    private func expect<Wanted>(_ value: Wanted?, _ what: String, _ name: String) throws(ScriptError) -> Wanted {
        guard let value else { throw ScriptError("\(path).\(name) must be \(what)") }
        return value
    }
}
