// All tools of the program in one place, and the patterns by which a bot grants some of them.

/// The tools that the modules published, by name and in a fixed order (a changing order would spoil the prompt caches
/// of upstreams).
package struct ToolRegistry: Sendable {
    package let tools: [Tool]
    private let byName: [String: Int]

    /// - Throws: `ToolRegistryError` for two tools of one name, or a name that some provider would refuse.
    package init(_ tools: [Tool]) throws(ToolRegistryError) {
        let sorted = tools.sorted { $0.name < $1.name }
        var byName: [String: Int] = [:]
        for (index, tool) in sorted.enumerated() {
            guard Self.isValid(name: tool.name) else { throw .invalidName(tool.name) }
            guard byName.updateValue(index, forKey: tool.name) == nil else { throw .duplicate(tool.name) }
        }
        self.tools = sorted
        self.byName = byName
    }

    /// Without any tool; for tests and for a gateway without ops modules.
    package static let empty = ToolRegistry()

    private init() {
        tools = []
        byName = [:]
    }

    package subscript(name: String) -> Tool? {
        byName[name].map { tools[$0] }
    }

    /// The tools that `patterns` grant: a full name, or a prefix and `*`. A pattern grants read tools only; a write
    /// tool must be named in full.
    package func granted(by patterns: [String]) -> [Tool] {
        tools.filter { tool in
            patterns.contains { pattern in
                if pattern == tool.name { return true }
                guard pattern.last == "*", tool.effect == .read else { return false }
                return tool.name.hasPrefix(pattern.dropLast())
            }
        }
    }

    /// The patterns that grant nothing: most likely a slip of the pen in a bot's file.
    package func unmatched(_ patterns: [String]) -> [String] {
        patterns.filter { granted(by: [$0]).isEmpty }
    }

    /// OpenAI, Anthropic and Gemini share this alphabet; the length is OpenAI's limit.
    private static func isValid(name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64
            && name.utf8.allSatisfy { byte in
                (byte >= 0x61 && byte <= 0x7A) || (byte >= 0x30 && byte <= 0x39) || byte == 0x5F
            }
    }
}

package enum ToolRegistryError: Error, Sendable, Hashable {
    case duplicate(String)
    case invalidName(String)
}
