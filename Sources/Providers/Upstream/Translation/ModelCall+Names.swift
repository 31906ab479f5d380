// Names of tools in a call of the OpenAI protocol, where its servers would refuse them.

import JSON

extension ModelCall {
    /// Whether every tool has a name that all servers take: OpenAI's and Azure's refuse dots and more than 64 letters, while
    /// Anthropic's clients may use 128.
    var hasPlainNames: Bool { tools.allSatisfy { ToolNames.isTaken($0.name) } }

    /// Gives the tools, the choice among them, and earlier calls names that all servers take.
    ///
    /// - Returns: the way back; nil when all names are so already.
    mutating func plainNames() -> ToolNames? {
        var bytes: [UInt8] = [0x5B]
        bytes.append(joining: messages)
        bytes.append(0x5D)
        guard let conversation = try? JSONDocument(parsing: bytes) else { return nil }
        let called = conversation.root.elements.flatMap(\.toolNames)
        let all = tools.map(\.name) + called.map(\.name)
        guard !all.allSatisfy(ToolNames.isTaken) else { return nil }
        let names = ToolNames(all)
        let edits = called.map { (range: $0.range, replacement: JSONValue.string(names.upstream($0.name)).bytes) }
        messages = [Array(splice(conversation.bytes, edits).dropFirst().dropLast())]
        for index in tools.indices { tools[index].json = names.renaming(tools[index]) }
        toolChoice = toolChoice.map(names.renaming)
        return names
    }
}

extension JSONView {
    /// The names in a message, of its calls or of the one that it answers, in the order of their places.
    fileprivate var toolNames: [(name: String, range: Range<Int>)] {
        let isResult = self["role"]?.stringEquals("tool") == true || self["role"]?.stringEquals("function") == true
        let views =
            [isResult ? self["name"] : nil] + (self["tool_calls"]?.elements.map { $0["function"]?["name"] } ?? [])
        return views.compactMap { view in view?.string.map { ($0, view?.range ?? 0..<0) } }
            .sorted { $0.range.lowerBound < $1.range.lowerBound }
    }
}

extension ToolNames {
    /// A tool's definition with the name that the upstream is told; its other bytes stay.
    fileprivate func renaming(_ tool: ModelTool) -> [UInt8] {
        guard let document = try? JSONDocument(parsing: tool.json),
            let place = (document.root["function"]?["name"] ?? document.root["name"])?.range
        else { return tool.json }
        return splice(document.bytes, [(place, JSONValue.string(upstream(tool.name)).bytes)])
    }

    /// A choice among tools, whatever its form.
    fileprivate func renaming(_ choice: JSONValue) -> JSONValue {
        switch choice {
        case .array(let elements): return .array(elements.map(renaming))
        case .object(var object):
            for (key, value) in object.members {
                let name = key == "name" ? value.string : nil
                object[key] = name.map { .string(upstream($0)) } ?? renaming(value)
            }
            return .object(object)
        default: return choice
        }
    }
}
