// The tools of a call in a form of no protocol: names that the upstream takes, and which may be called.

import JSON

/// What the model may call, and must.
struct ToolSelection: Sendable {
    enum Mode: Sendable, Hashable {
        case auto, none, required
        /// By its name upstream.
        case named(String)
    }

    struct Tool: Sendable {
        /// As the upstream is told of it.
        var name: String
        var description: String?
        /// JSON Schema; nil when the tool takes nothing.
        var parameters: JSONValue?
        var isStrict: Bool
    }

    private(set) var tools: [Tool] = []
    private(set) var mode = Mode.auto
    let names: ToolNames

    /// - Parameter called: names in the conversation, which need a form upstream too.
    init(_ call: ModelCall, called: [String], provider: String) throws(ProviderFailure) {
        let names = ToolNames(call.tools.map(\.name) + called)
        self.names = names
        var allowed: Set<String>?
        if let choice = call.toolChoice, !call.tools.isEmpty {
            switch choice["type"]?.string ?? choice.string {
            case "none": mode = .none
            case "required": mode = .required
            case "function":
                mode = .named(names.upstream(choice["function"]?["name"]?.string ?? choice["name"]?.string ?? ""))
            case "allowed_tools":
                let rule = choice["allowed_tools"] ?? choice
                mode = rule["mode"]?.string == "required" ? .required : .auto
                allowed = Set(
                    (rule["tools"]?.array ?? []).compactMap { ($0["function"]?["name"] ?? $0["name"])?.string }
                )
            case "auto": break
            default:
                throw .unsupported(
                    "The provider \(provider) does not support this 'tool_choice'.",
                    provider: provider,
                    parameter: "tool_choice"
                )
            }
        }
        for tool in call.tools where allowed?.contains(tool.name) ?? true {
            let json = try? JSONValue(parsing: tool.json)
            let function = json?["function"] ?? json ?? .null
            tools.append(
                Tool(
                    name: names.upstream(tool.name),
                    description: function["description"]?.string,
                    parameters: function["parameters"].flatMap { $0.isNull ? nil : $0 },
                    isStrict: function["strict"]?.bool ?? false
                )
            )
        }
    }
}

/// Names that upstreams take, and back. Dots in a tool's name are refused by several (`gateways.md` (c) 34).
struct ToolNames: Sendable {
    private var there: [String: String] = [:]
    private var back: [String: String] = [:]

    init(_ names: [String]) {
        // Those that can stay do, so that no made-up name takes theirs.
        for name in names where Self.isPlain(name) { (there[name], back[name]) = (name, name) }
        // Where counting goes on: a hundred thousand names may have one plain form.
        var next: [String: Int] = [:]
        for name in names where there[name] == nil {
            var plain = String(name.unicodeScalars.map { Self.isPlain($0) ? Character($0) : "_" })
            if plain.isEmpty || !Self.isLetter(plain.unicodeScalars.first) { plain = "t_" + plain }
            plain = String(plain.prefix(56))
            var unique = plain
            var count = next[plain] ?? 2
            while back[unique] != nil {
                unique = "\(plain)_\(count)"
                count += 1
            }
            next[plain] = count
            (there[name], back[unique]) = (unique, name)
        }
    }

    func upstream(_ name: String) -> String { there[name] ?? name }
    func original(_ name: String) -> String { back[name] ?? name }

    /// `^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$`, which every vendor takes.
    static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64 && name.unicodeScalars.allSatisfy(isPlain)
            && isLetter(name.unicodeScalars.first)
    }

    /// `^[a-zA-Z0-9_-]{1,64}$`, which OpenAI's protocol has.
    static func isTaken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64 && name.unicodeScalars.allSatisfy(isPlain)
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        isLetter(scalar) || scalar == "-" || ("0"..."9").contains(scalar)
    }

    private static func isLetter(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        return ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }
}
