// The tools of a request, as any model gets to know them: by name and JSON Schema.

import JSON

/// One tool of the request.
struct OfferedTool: Sendable {
    let name: String
    /// The schema's `properties`.
    let properties: JSONObject
    /// The schema's `required`.
    let required: [String]

    init(_ tool: ModelTool) {
        let function = (try? JSONValue(parsing: tool.json))?["function"]
        name = tool.name
        properties = function?["parameters"]?["properties"]?.object ?? [:]
        required = function?["parameters"]?["required"]?.array?.compactMap(\.string) ?? []
    }

    /// The first of `names` that the tool takes.
    func property(_ names: [String]) -> OfferedProperty? {
        for name in names {
            if let schema = properties[name] { return OfferedProperty(name: name, schema: schema) }
        }
        return nil
    }
}

/// One argument of a tool.
struct OfferedProperty: Sendable {
    let name: String
    let schema: JSONValue

    /// The types, `null` left out; a schema of alternatives has those of all.
    var types: [String] {
        let own = Self.types(schema)
        if !own.isEmpty { return own }
        return (schema["anyOf"]?.array ?? schema["oneOf"]?.array ?? []).flatMap(Self.types)
    }

    private static func types(_ schema: JSONValue) -> [String] {
        let names: [String]
        switch schema["type"] {
        case .string(let one): names = [one]
        case .array(let several): names = several.compactMap(\.string)
        default: names = []
        }
        return names.filter { $0 != "null" }
    }

    func takes(_ type: String) -> Bool { types.contains(type) }

    /// Allowed values, of the argument itself or of its elements; empty when any is.
    var values: [String] {
        (schema["enum"] ?? schema["items"]?["enum"])?.array?.compactMap(\.string) ?? []
    }

    var description: String { schema["description"]?.string?.lowercased() ?? "" }

    /// Whether the description says that spans back from now (`1h`, `30m`) are understood.
    var understandsSpans: Bool {
        if ["relative", " ago", "duration", "时长", "相对"].contains(where: { description.contains($0) }) { return true }
        // An example such as `1h` or "24h".
        var previous: Character = " "
        var beforePrevious: Character = " "
        for character in description + " " {
            let isEnd = !(character.isLetter || character.isNumber)
            if isEnd, "smhdw".contains(previous), beforePrevious.isNumber { return true }
            (beforePrevious, previous) = (previous, character)
        }
        return false
    }

    /// Whether the description names this word (`today`).
    func mentions(_ word: String) -> Bool { description.contains(word) }
}

/// The tools of a request, those that may be called in this round.
struct OfferedTools: Sendable {
    let all: [OfferedTool]

    init(_ tools: [ModelTool], allowed: [String]? = nil) {
        all = tools.filter { allowed?.contains($0.name) ?? true }.map(OfferedTool.init)
    }

    var isEmpty: Bool { all.isEmpty }

    subscript(name: String) -> OfferedTool? { all.first { $0.name == name } }
}
