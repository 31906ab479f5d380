// A YAML document as values that remember their line, so that every complaint can name it.

import Yams

/// A node of a YAML file with typed access; every getter says file, line and member when something is not as it must be.
package struct YAMLNode: Sendable {
    /// Where it stands, for messages: `limits.rounds`; empty for the root.
    package let path: String
    package let file: String
    package let line: Int
    private let content: Content

    private indirect enum Content: Sendable {
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([(key: String, line: Int, value: YAMLNode)])
    }

    /// Reads a file's text.
    ///
    /// - Throws: `YAMLFault` with the line of a syntax error; an empty file, duplicate keys and several documents are
    ///   faults too.
    package init(parsing text: String, file: String) throws(YAMLFault) {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Self.fault(of: error, file: file)
        } catch {
            throw YAMLFault(file: file, line: 0, reason: "cannot be read as YAML")
        }
        guard let node else { throw YAMLFault(file: file, line: 0, reason: "is empty") }
        // Aliases arrive expanded: a small file can be a huge tree.
        if text.utf8.count > 1 << 20 { throw YAMLFault(file: file, line: 0, reason: "is larger than 1 MiB") }
        var budget = 100_000
        guard Self.fits(node, &budget) else { throw YAMLFault(file: file, line: 0, reason: "has too many values") }
        try self.init(node, path: "", file: file)
    }

    private static func fits(_ node: Node, _ budget: inout Int) -> Bool {
        budget -= 1
        guard budget > 0 else { return false }
        switch node {
        case .sequence(let sequence): return sequence.allSatisfy { fits($0, &budget) }
        case .mapping(let mapping): return mapping.allSatisfy { fits($0.key, &budget) && fits($0.value, &budget) }
        default: return true
        }
    }

    /// A value that never was a file, so that whoever reads files reads bodies of requests too.
    package enum Plain: Sendable {
        case null
        case string(String)
        /// A number, `true` or `false`, as it is written.
        case literal(String)
        case list([Plain])
        case object([(name: String, value: Plain)])
    }

    /// - Parameter file: what stands in a file's place in messages. There are no lines.
    package init(_ plain: Plain, path: String = "", file: String) {
        self.path = path
        self.file = file
        line = 0
        switch plain {
        case .null: content = .scalar("", isPlain: true)
        case .string(let text): content = .scalar(text, isPlain: false)
        case .literal(let text): content = .scalar(text, isPlain: true)
        case .list(let elements):
            content = .sequence(
                elements.enumerated().map { YAMLNode($0.element, path: "\(path)[\($0.offset)]", file: file) }
            )
        case .object(let members):
            content = .mapping(
                members.map { name, value in
                    (name, 0, YAMLNode(value, path: path.isEmpty ? name : "\(path).\(name)", file: file))
                }
            )
        }
    }

    private init(_ node: Node, path: String, file: String) throws(YAMLFault) {
        self.path = path
        self.file = file
        line = node.mark?.line ?? 0
        switch node {
        case .scalar(let scalar):
            content = .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
        case .sequence(let sequence):
            var elements: [YAMLNode] = []
            for (index, element) in sequence.enumerated() {
                elements.append(try YAMLNode(element, path: "\(path)[\(index)]", file: file))
            }
            content = .sequence(elements)
        case .mapping(let mapping):
            var members: [(key: String, line: Int, value: YAMLNode)] = []
            for (key, value) in mapping {
                guard let name = key.string else {
                    throw YAMLFault(file: file, line: key.mark?.line ?? 0, reason: "a key must be a string")
                }
                let inner = path.isEmpty ? name : "\(path).\(name)"
                if members.contains(where: { $0.key == name }) {
                    throw YAMLFault(file: file, line: key.mark?.line ?? 0, reason: "`\(inner)` is there twice")
                }
                members.append((name, key.mark?.line ?? 0, try YAMLNode(value, path: inner, file: file)))
            }
            content = .mapping(members)
        case .alias:
            throw YAMLFault(file: file, line: node.mark?.line ?? 0, reason: "aliases are not supported")
        }
    }

    private static func fault(of error: YamlError, file: String) -> YAMLFault {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            YAMLFault(file: file, line: mark.line, reason: problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            YAMLFault(
                file: file,
                line: context.mark.line,
                reason: "`\(duplicates.first ?? "a key")` is there twice"
            )
        default: YAMLFault(file: file, line: 0, reason: "cannot be read as YAML")
        }
    }

    /// A fault at this node's line.
    package func fault(_ reason: String) -> YAMLFault {
        YAMLFault(file: file, line: line, reason: reason, place: path)
    }

    // MARK: Members

    /// A member of a mapping; nil when it is not there or null.
    package subscript(name: String) -> YAMLNode? {
        guard case .mapping(let members) = content, let member = members.first(where: { $0.key == name }) else {
            return nil
        }
        return member.value.isNull ? nil : member.value
    }

    /// A member that must be there.
    package func required(_ name: String) throws(YAMLFault) -> YAMLNode {
        guard let member = self[name] else {
            let place = path.isEmpty ? name : "\(path).\(name)"
            throw YAMLFault(file: file, line: line, reason: "`\(place)` is missing", place: place)
        }
        return member
    }

    /// Refuses members that nobody reads: most often a misspelt one.
    package func allowOnly(_ names: [String]) throws(YAMLFault) {
        guard case .mapping(let members) = content else {
            throw fault("\(path.isEmpty ? "the file" : "`\(path)`") must be a mapping")
        }
        for member in members where !names.contains(member.key) {
            throw YAMLFault(
                file: file,
                line: member.line,
                reason: "`\(member.value.path)` is not known; known here are \(names.joined(separator: ", "))",
                place: member.value.path
            )
        }
    }

    /// The members of a mapping in the file's order.
    package func members() throws(YAMLFault) -> [(key: String, value: YAMLNode)] {
        guard case .mapping(let members) = content else { throw fault("`\(path)` must be a mapping") }
        return members.map { ($0.key, $0.value) }
    }

    /// The elements of a sequence.
    package func elements() throws(YAMLFault) -> [YAMLNode] {
        guard case .sequence(let elements) = content else { throw fault("`\(path)` must be a list") }
        return elements
    }

    // MARK: Values

    /// What a node is, for whoever takes any.
    package enum Shape: Sendable {
        case null
        /// In quotes, or a block.
        case text
        /// A scalar without quotes.
        case word(String)
        case list, mapping
    }

    package var shape: Shape {
        switch content {
        case .scalar(let text, let isPlain): isNull ? .null : isPlain ? .word(text) : .text
        case .sequence: .list
        case .mapping: .mapping
        }
    }

    private var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    package func string() throws(YAMLFault) -> String {
        guard case .scalar(let text, _) = content, !isNull else { throw fault("`\(path)` must be a string") }
        return text
    }

    package func integer(in range: ClosedRange<Int>) throws(YAMLFault) -> Int {
        guard case .scalar(let text, isPlain: true) = content, let value = Int(text) else {
            throw fault("`\(path)` must be a whole number")
        }
        guard range.contains(value) else {
            throw fault("`\(path)` must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    package func number(in range: ClosedRange<Double>) throws(YAMLFault) -> Double {
        guard case .scalar(let text, isPlain: true) = content, let value = Double(text) else {
            throw fault("`\(path)` must be a number")
        }
        guard range.contains(value) else {
            throw fault("`\(path)` must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    package func boolean() throws(YAMLFault) -> Bool {
        guard case .scalar(let text, isPlain: true) = content else { throw fault("`\(path)` must be true or false") }
        switch text {
        case "true", "True", "yes", "on": return true
        case "false", "False", "no", "off": return false
        default: throw fault("`\(path)` must be true or false")
        }
    }

    /// Seconds as a plain number, or with a unit: `5s`, `2m`, `500ms`.
    package func duration() throws(YAMLFault) -> Duration {
        let text = try string()
        let units: [(suffix: String, milliseconds: Double)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        let unit = units.first { text.hasSuffix($0.suffix) }
        let digits = unit.map { String(text.dropLast($0.suffix.count)) } ?? text
        guard let value = Double(digits), value >= 0, value < 1_000_000 else {
            throw fault("`\(path)` must be a duration such as 30s")
        }
        return .milliseconds(Int64(value * (unit?.milliseconds ?? 1000)))
    }

    package func strings() throws(YAMLFault) -> [String] {
        var texts: [String] = []
        for element in try elements() { texts.append(try element.string()) }
        return texts
    }
}
