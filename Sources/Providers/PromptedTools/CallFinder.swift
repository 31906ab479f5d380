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
        /// None, and how many bytes are known to be text.
        case noCall(Int)
        /// The calls, and how many bytes they took.
        case calls([Finding], Int)
    }

    /// How far the object that is held has been read: each byte is read once, however the text is cut.
    private struct Scan {
        let start: Int
        var length: Int
        var depth = 0
        var isString = false
        var isEscaped = false
    }

    private let tools: Set<String>
    private var held: [UInt8] = []
    private var isHolding = false
    private var isLineStart = true
    private(set) var hasCall = false
    /// After an object that does not end, or not soon, all is text: whoever writes such things would have us read the
    /// same again for every line of it.
    private var hasGivenUp = false
    private var scan: Scan?
    /// Longer objects are no calls.
    private static let longest = 256 << 10
    /// White space before what tells a call, at most.
    private static let longestGap = 64

    init(tools: Set<String>) {
        self.tools = tools
    }

    mutating func take(_ text: String) -> [Finding] {
        held.append(contentsOf: text.utf8)
        return settle(isEnd: false)
    }

    /// What is held at the end of the answer: half a call is text.
    mutating func end() -> [Finding] { settle(isEnd: true) }

    private mutating func settle(isEnd: Bool) -> [Finding] {
        var findings: [Finding] = []
        var passed: [UInt8] = []
        var position = 0
        search: while position < held.count {
            if hasGivenUp {
                passed.append(contentsOf: held[position...])
                position = held.count
                break
            }
            let byte = held[position]
            if isHolding || (isLineStart && (byte == 0x7B || byte == 0x60)) {
                let verdict = judge(held[position...])
                if case .open = verdict, !isEnd, held.count - position <= Self.longest {
                    isHolding = true
                    break search
                }
                isHolding = false
                scan = nil
                switch verdict {
                case .open:
                    hasGivenUp = true
                    continue search
                case .calls(let calls, let length):
                    say(&passed, into: &findings)
                    findings += calls
                    hasCall = true
                    position += length
                    isLineStart = true
                    continue search
                case .noCall(let length) where length > 0:
                    passed.append(contentsOf: held[position..<(position + length)])
                    position += length
                    isLineStart = false
                    continue search
                case .noCall: break
                }
            }
            passed.append(byte)
            isLineStart = byte == 0x0A || (isLineStart && byte.isWhiteSpace)
            position += 1
        }
        if position > 0 { held.removeFirst(position) }
        say(&passed, into: &findings)
        return findings
    }

    private func say(_ passed: inout [UInt8], into findings: inout [Finding]) {
        if !passed.isEmpty, !hasCall { findings.append(.text(String(decoding: passed, as: UTF8.self))) }
        passed = []
    }

    private mutating func judge(_ all: ArraySlice<UInt8>) -> Verdict {
        let text = all.prefix(Self.longest)
        let isFenced = all.first == 0x60
        if scan == nil {
            switch Self.start(of: text) {
            case .open: return .open
            case .other: return .noCall(0)
            case .object(let place): scan = Scan(start: place - text.startIndex, length: place - text.startIndex)
            }
        }
        guard var scan else { return .open }
        let isWhole = Self.advance(&scan, in: text)
        self.scan = scan
        guard isWhole else { return .open }
        let start = text.startIndex + scan.start
        var end = text.startIndex + scan.length
        guard let value = try? JSONValue(parsing: Array(text[start..<end])), let calls = calls(in: value) else {
            return .noCall(scan.length)
        }
        if isFenced {
            var fence = end
            while fence < text.endIndex, text[fence].isWhiteSpace { fence += 1 }
            if text[fence...].starts(with: [0x60, 0x60, 0x60]) { end = fence + 3 }
        }
        return .calls(calls, end - text.startIndex)
    }

    private enum Start {
        case open
        case other
        /// The place of its brace.
        case object(Int)
    }

    /// Whether an object that may be a call begins here, behind a fence or without. Looks at a few bytes only.
    private static func start(of text: ArraySlice<UInt8>) -> Start {
        var position = text.startIndex
        if text[position] == 0x60 {
            for _ in 0..<3 {
                guard position < text.endIndex else { return .open }
                guard text[position] == 0x60 else { return .other }
                position += 1
            }
            // The word behind a fence: `json`, `tool_call` …
            while position < text.endIndex, text[position] != 0x0A, text[position] != 0x7B {
                if text[position] == 0x60 || position - text.startIndex > 24 { return .other }
                position += 1
            }
            let gap = text[position...].prefix(longestGap).prefix { $0.isWhiteSpace }.count
            position += gap
            guard position < text.endIndex else { return gap < longestGap ? .open : .other }
        }
        guard text[position] == 0x7B else { return .other }
        guard let key = firstKey(text[(position + 1)...]) else { return .open }
        return keys.contains(key) ? .object(position) : .other
    }

    private static let keys: Set<String> = [
        "tool", "name", "arguments", "parameters", "tool_call", "tool_calls", "function",
    ]

    /// The first member's name; nil when it has not come whole yet, `""` when there is none.
    private static func firstKey(_ text: ArraySlice<UInt8>) -> String? {
        let gap = text.prefix(longestGap).prefix { $0.isWhiteSpace }.count
        guard gap < longestGap else { return "" }
        let rest = text.dropFirst(gap)
        guard let quote = rest.first else { return nil }
        guard quote == 0x22 else { return "" }
        let name = rest.dropFirst().prefix(17)
        guard let end = name.firstIndex(of: 0x22) else { return name.count > 16 ? "" : nil }
        return String(decoding: name[..<end], as: UTF8.self)
    }

    /// Reads on; true when the object has ended.
    private static func advance(_ scan: inout Scan, in text: ArraySlice<UInt8>) -> Bool {
        for byte in text.dropFirst(scan.length) {
            scan.length += 1
            if scan.isString {
                if scan.isEscaped {
                    scan.isEscaped = false
                } else if byte == 0x5C {
                    scan.isEscaped = true
                } else if byte == 0x22 {
                    scan.isString = false
                }
                continue
            }
            switch byte {
            case 0x22: scan.isString = true
            case 0x7B, 0x5B: scan.depth += 1
            case 0x7D, 0x5D:
                scan.depth -= 1
                if scan.depth == 0 { return true }
            default: continue
            }
        }
        return false
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
