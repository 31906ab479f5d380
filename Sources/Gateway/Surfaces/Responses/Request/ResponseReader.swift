// Reads the fields of a response request one by one: what is passed on, what is told again, what has no effect.

import JSON
import OpenAIProtocol

/// Collects the fields of a request.
struct ResponseReader: Sendable {
    /// The fields that are there, by name; `null` counts as not given.
    private(set) var fields: [String: JSONView] = [:]
    private(set) var ignored = IgnoredMembers()
    private var passed: [(name: String, json: [UInt8])] = []

    private static let widest = 128

    mutating func read(_ root: JSONView) throws(OpenAIError) {
        for member in root.members {
            let (name, value) = (member.key, member.value)
            guard let entry = ResponseParameters.table[name] else {
                ignored.insert(name)
                continue
            }
            // `null` is how several SDKs say "not given".
            if value.isNull { continue }
            if let fault = entry.shape.fault(value, named: name) {
                throw .invalid(fault, param: name, code: "invalid_type")
            }
            if case .refused(let allowed, let reason) = entry.handling {
                if let allowed, value.rawBytes == Array(allowed.utf8) { continue }
                throw .invalid(reason, param: name, code: "unsupported_parameter")
            }
            fields[name] = value
        }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            switch ResponseParameters.table[name]?.handling {
            case .passed(let chat): passed.append((chat, value.rawBytes))
            case .ignored: ignored.insert(name)
            default: continue
            }
        }
        try readTools()
        try readText()
        try readReasoning()
        try readMetadata()
        if fields["truncation"]?.stringEquals("auto") == true { ignored.insert("truncation") }
        if fields["max_tool_calls"] != nil { ignored.insert("max_tool_calls") }
        if let include = fields["include"] {
            for value in include.elements { ignored.insert("include.\(value.string ?? "")") }
        }
        if let options = fields["stream_options"] {
            // Padding that only OpenAI adds; the gateway sends none.
            for member in options.members where !member.keyEquals("include_obfuscation") {
                ignored.insert("stream_options.\(member.key)")
            }
        }
    }

    /// The text of a field.
    func text(_ name: String) -> String? { fields[name]?.string }

    /// A boolean field.
    func flag(_ name: String, or standard: Bool) -> Bool { fields[name]?.bool ?? standard }

    /// Members of the chat request.
    var parameters: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        for (name, json) in passed {
            writer.key(name)
            writer.raw(json)
        }
        return writer.bytes
    }

    /// Members of the answer: what the request says, and what it means where it says nothing.
    var echo: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        for (name, standard) in ResponseParameters.defaults {
            writer.key(name)
            // Whatever was asked for, nothing is cut off here.
            if name == "truncation" || name == "top_logprobs" {
                writer.raw(standard.utf8)
            } else {
                writer.raw(echo(of: name) ?? Array(standard.utf8))
            }
        }
        // It is pasted into the events of a stream.
        return ServerSentEvents.oneLine(writer.bytes)
    }

    private func echo(of name: String) -> [UInt8]? {
        guard let value = fields[name] else { return nil }
        switch name {
        case "text":
            guard value["format"].map(\.isNull) ?? true else { return value.rawBytes }
            var text = value.value.object ?? [:]
            text["format"] = ["type": "text"]
            return JSONValue.object(text).bytes
        case "reasoning":
            var reasoning = value.value.object ?? [:]
            for member in ["effort", "summary"] where reasoning[member] == nil { reasoning[member] = .null }
            return JSONValue.object(reasoning).bytes
        default: return value.rawBytes
        }
    }

    private mutating func readTools() throws(OpenAIError) {
        if let tools = fields["tools"], tools.count > 0 {
            if tools.count > Self.widest { throw .invalid("Invalid 'tools': at most 128 elements.", param: "tools") }
            var writer = JSONWriter(capacity: tools.range.count + 64)
            writer.beginArray()
            for (index, tool) in tools.elements.enumerated() {
                writer.raw(try ToolTranslation.tool(tool, at: "tools[\(index)]"))
            }
            writer.endArray()
            passed.append(("tools", writer.bytes))
        }
        if let choice = fields["tool_choice"] {
            passed.append(("tool_choice", try ToolTranslation.choice(choice)))
        }
    }

    private mutating func readText() throws(OpenAIError) {
        guard let text = fields["text"] else { return }
        for member in text.members where !member.value.isNull {
            switch member.key {
            case "format":
                if let format = try ToolTranslation.format(member.value) { passed.append(("response_format", format)) }
            case "verbosity": passed.append(("verbosity", member.value.rawBytes))
            default: ignored.insert("text.\(member.key)")
            }
        }
    }

    private mutating func readReasoning() throws(OpenAIError) {
        guard let reasoning = fields["reasoning"] else { return }
        for member in reasoning.members where !member.value.isNull {
            switch member.key {
            case "effort": passed.append(("reasoning_effort", member.value.rawBytes))
            // What a model tells of its thinking is always shown.
            case "summary", "generate_summary": continue
            default: ignored.insert("reasoning.\(member.key)")
            }
        }
    }

    /// OpenAI's bounds: 16 pairs, keys of 64 and values of 512 characters.
    private func readMetadata() throws(OpenAIError) {
        guard let metadata = fields["metadata"] else { return }
        guard metadata.count <= 16 else {
            throw .invalid("Invalid 'metadata': at most 16 members.", param: "metadata")
        }
        for member in metadata.members {
            guard let value = member.value.string else {
                throw .invalid(
                    "Invalid type for 'metadata': every value must be a string.",
                    param: "metadata",
                    code: "invalid_type"
                )
            }
            guard member.key.count <= 64, value.count <= 512 else {
                throw .invalid("Invalid 'metadata': keys up to 64, values up to 512 characters.", param: "metadata")
            }
        }
    }
}
