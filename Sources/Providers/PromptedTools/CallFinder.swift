// Finds calls of tools in the text of an answer while it is being written.

import JSON

/// Passes text on and holds it back only where it may still be a call: from a `{` or a fence that begins a line, until
/// its first member or its end tells what it is. What stands behind a call is not passed on, as models like to make up
/// the result.
struct CallFinder: Sendable {
    enum Finding: Sendable, Hashable {
        case text(String)
        case call(name: String, arguments: String)
    }

    private enum Verdict {
        case open
        case noCall
        /// The calls, and how many bytes they took.
        case calls([Finding], Int)
    }

    private let tools: Set<String>
    private var held: [UInt8] = []
    private var isHolding = false
    private var isLineStart = true
    private(set) var hasCall = false
    /// Longer objects are no calls.
    private static let longest = 256 << 10

    init(tools: Set<String>) {
        self.tools = tools
    }

    mutating func take(_ text: String) -> [Finding] {
        held.append(contentsOf: text.utf8)
        // A long object is looked at again only when it may have ended.
        if isHolding, held.count > 128, !text.utf8.contains(0x7D), held.count <= Self.longest { return [] }
        return settle(isEnd: false)
    }

    /// What is held at the end of the answer: half a call is text.
    mutating func end() -> [Finding] { settle(isEnd: true) }

    private mutating func settle(isEnd: Bool) -> [Finding] {
        var findings: [Finding] = []
        var passed: [UInt8] = []
        var position = 0
        scan: while position < held.count {
            let byte = held[position]
            if isHolding || (isLineStart && (byte == 0x7B || byte == 0x60)) {
                switch judge(held[position...]) {
                case .open where !isEnd && held.count - position <= Self.longest:
                    isHolding = true
                    break scan
                case .calls(let calls, let length):
                    say(&passed, into: &findings)
                    findings += calls
                    hasCall = true
                    position += length
                    (isHolding, isLineStart) = (false, true)
                    continue scan
                default:
                    isHolding = false
                }
            }
            passed.append(byte)
            isLineStart = byte == 0x0A || (isLineStart && byte.isWhiteSpace)
            position += 1
        }
        held.removeFirst(position)
        say(&passed, into: &findings)
        return findings
    }

    private func say(_ passed: inout [UInt8], into findings: inout [Finding]) {
        if !passed.isEmpty, !hasCall { findings.append(.text(String(decoding: passed, as: UTF8.self))) }
        passed = []
    }

    private func judge(_ text: ArraySlice<UInt8>) -> Verdict {
        var position = text.startIndex
        let isFenced = text[position] == 0x60
        if isFenced {
            for _ in 0..<3 {
                guard position < text.endIndex else { return .open }
                guard text[position] == 0x60 else { return .noCall }
                position += 1
            }
            // The word behind a fence: `json`, `tool_call` …
            while position < text.endIndex, text[position] != 0x0A, text[position] != 0x7B {
                if text[position] == 0x60 || position - text.startIndex > 24 { return .noCall }
                position += 1
            }
            while position < text.endIndex, text[position].isWhiteSpace { position += 1 }
            guard position < text.endIndex else { return .open }
        }
        guard text[position] == 0x7B else { return .noCall }
        guard let key = Self.firstKey(text[(position + 1)...]) else { return .open }
        guard Self.keys.contains(key) else { return .noCall }
        guard var end = Self.end(of: text[position...]) else { return .open }
        guard let value = try? JSONValue(parsing: Array(text[position..<end])), let calls = calls(in: value) else {
            return .noCall
        }
        if isFenced {
            var fence = end
            while fence < text.endIndex, text[fence].isWhiteSpace { fence += 1 }
            if text[fence...].starts(with: [0x60, 0x60, 0x60]) { end = fence + 3 }
        }
        return .calls(calls, end - text.startIndex)
    }

    private static let keys: Set<String> = [
        "tool", "name", "arguments", "parameters", "tool_call", "tool_calls", "function",
    ]

    /// The first member's name; nil when it has not come whole yet, `""` when there is none.
    private static func firstKey(_ text: ArraySlice<UInt8>) -> String? {
        guard let start = text.firstIndex(where: { !$0.isWhiteSpace }) else { return nil }
        guard text[start] == 0x22 else { return "" }
        let rest = text[(start + 1)...]
        guard let end = rest.firstIndex(of: 0x22) else { return rest.count > 16 ? "" : nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    /// The place behind the object that begins here; nil when it has not ended.
    private static func end(of text: ArraySlice<UInt8>) -> Int? {
        var depth = 0
        var isString = false
        var isEscaped = false
        for (index, byte) in zip(text.indices, text) {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5C {
                    isEscaped = true
                } else if byte == 0x22 {
                    isString = false
                }
                continue
            }
            switch byte {
            case 0x22: isString = true
            case 0x7B, 0x5B: depth += 1
            case 0x7D, 0x5D:
                depth -= 1
                if depth == 0 { return index + 1 }
            default: continue
            }
        }
        return nil
    }

    /// nil when it is no call of a tool that there is.
    private func calls(in value: JSONValue) -> [Finding]? {
        if let list = value["tool_calls"]?.array, !list.isEmpty {
            let all = list.compactMap { calls(in: $0)?.first }
            return all.count == list.count ? all : nil
        }
        if let inner = value["tool_call"] ?? value["function"], inner.kind == .object { return calls(in: inner) }
        guard let name = (value["tool"] ?? value["name"] ?? value["function"])?.string, tools.contains(name) else {
            return nil
        }
        switch value["arguments"] ?? value["parameters"] ?? [:] {
        case .object(let object): return [.call(name: name, arguments: JSONValue.object(object).text)]
        case .string(let text):
            guard (try? JSONValue(parsing: text))?.kind == .object else { return nil }
            return [.call(name: name, arguments: text)]
        case .null: return [.call(name: name, arguments: "{}")]
        default: return nil
        }
    }
}
