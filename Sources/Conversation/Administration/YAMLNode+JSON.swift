// JSON as the nodes that the readers of files take, so that a body is judged by the rules of the file.

import JSON
import Resources
import YAML

extension YAMLNode {
    /// - Parameter file: what stands in a file's place in messages.
    init(_ object: JSONObject, file: String) {
        self.init(Plain(.object(object)), file: file)
    }
}

extension YAMLNode {
    /// The node as JSON: unquoted numbers, `true` and `false` are what they look like, other scalars texts.
    ///
    /// - Parameter text: reads a text.
    func json(_ text: (YAMLNode) throws(YAMLFault) -> String) throws(YAMLFault) -> JSONValue {
        switch shape {
        case .null: return .null
        case .text: return .string(try text(self))
        case .word("true"): return true
        case .word("false"): return false
        case .word(let word):
            if let number = JSONNumber(text: word) { return .number(number) }
            return .string(try text(self))
        case .list:
            var elements: [JSONValue] = []
            for element in try self.elements() { elements.append(try element.json(text)) }
            return .array(elements)
        case .mapping:
            var object = JSONObject()
            for (name, value) in try members() { object[name] = try value.json(text) }
            return .object(object)
        }
    }
}

extension YAMLNode.Plain {
    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .literal(flag ? "true" : "false")
        case .number(let number): self = .literal(number.text)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map { Self($0) })
        case .object(let object): self = .object(object.members.map { ($0.key, Self($0.value)) })
        }
    }
}

extension ResourceError {
    /// A reader's fault as the answer to a request: the member named, the reason without its name.
    static func invalid(_ fault: YAMLFault, renaming names: [String: String] = [:]) -> ResourceError {
        let prefix = "`\(fault.place)` "
        let reason = fault.reason.hasPrefix(prefix) ? String(fault.reason.dropFirst(prefix.count)) : fault.reason
        return .invalid(names[fault.place] ?? fault.place, reason)
    }
}
