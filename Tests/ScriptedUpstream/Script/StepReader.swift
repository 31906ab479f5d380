// Reads a step from the JSON of a script; a member that is unknown or of the wrong type is refused.

extension Step {
    /// - Parameter path: where the step stands in the script, for messages.
    init(_ value: Value, path: String) throws(ScriptError) {
        if let text = value.string {
            self.init(saying: text)
            return
        }
        self.init(saying: "")
        var members = try Members(value, path: path)
        try readSpeech(&members)
        try readToolCalls(&members)
        delayBeforeHead = try members.integer("delay_before_head") ?? 0
        delayBeforeFirst = try members.integer("delay_before_first") ?? 0
        delayBetween = try members.integer("delay_between") ?? 0
        try readHTTP(&members)
        try readStream(&members)
        try members.finish()
    }

    private mutating func readSpeech(_ members: inout Members) throws(ScriptError) {
        text = try Step.pieces(&members, "text")
        reasoning = try Step.pieces(&members, "reasoning")
        refusal = try members.string("refusal")
        finishReason = members.take("finish_reason")
        usage = try members.object("usage") ?? Step.usualUsage
        usagePlace = try members.choice("usage_at", default: .end)
        usageUnasked = try members.flag("usage_unasked", default: false)
        roleChunk = try members.flag("role_chunk", default: true)
        extraChunk = try members.object("extra_chunk") ?? [:]
        extraDelta = try members.object("extra_delta") ?? [:]
    }

    /// `NAME` is a text, or an array of its pieces; `NAME_chunks` cuts a text into so many.
    private static func pieces(_ members: inout Members, _ name: String) throws(ScriptError) -> [String] {
        let count = try members.integer(name + "_chunks", from: 1)
        guard let value = members.take(name) else { return [] }
        if let text = value.string {
            return cut(text, into: count ?? 1)
        }
        var pieces: [String] = []
        for element in value.array ?? [.null] {
            guard let piece = element.string else {
                throw ScriptError("\(members.path).\(name) must be a string or an array of strings")
            }
            pieces.append(piece)
        }
        return pieces
    }

    /// Cuts at character borders into `count` pieces that differ by one character at most.
    static func cut(_ text: String, into count: Int) -> [String] {
        let characters = Array(text)
        guard count > 1, !characters.isEmpty else { return [text] }
        return (0..<count).map { index in
            String(characters[(characters.count * index / count)..<(characters.count * (index + 1) / count)])
        }
    }

    private mutating func readToolCalls(_ members: inout Members) throws(ScriptError) {
        for (position, value) in (try members.array("tool_calls") ?? []).enumerated() {
            var call = try Members(value, path: "\(members.path).tool_calls[\(position)]")
            let id = call.take("id")
            guard let name = try call.string("name") else { throw ScriptError("\(call.path).name is missing") }
            let arguments = call.take("arguments") ?? .object([:])
            try call.finish()
            // An id of null leaves the member out, as some servers do.
            let identifier = id == .null ? nil : id?.string ?? "call_\(position + 1)"
            toolCalls.append(ToolCall(id: identifier, name: name, arguments: arguments.string ?? arguments.text))
        }
        argumentsEvery = try members.integer("arguments_every", from: 1)
        interleaved = try members.flag("interleaved", default: false)
        toolIndexes = try members.choice("tool_indexes", default: .normal)
        idOnEveryFragment = try members.flag("id_on_every_fragment", default: false)
        argumentsAsObject = try members.flag("arguments_as_object", default: false)
    }

    private mutating func readHTTP(_ members: inout Members) throws(ScriptError) {
        status = try members.integer("status", from: 200) ?? 200
        for (name, value) in (try members.object("headers") ?? [:]).sorted(by: { $0.key < $1.key }) {
            headers.append((name, value.string ?? value.text))
        }
        if let value = members.take("body") {
            body = Array((value.string ?? value.text).utf8)
        }
        contentType = try members.string("content_type")
        answer = try members.choice("answer", default: .asked)
        if let name = try members.string("framing") {
            guard let value = Framing(rawValue: name) else { throw ScriptError("\(members.path).framing is unknown") }
            framing = value
        }
        blankLines = try members.integer("blank_lines") ?? 0
        if let value = members.take("die") {
            var death = try Members(value, path: members.path + ".die")
            let at = death.take("at")
            if at != .string("before_head"), (at?.integer ?? -1) < 0 {
                throw ScriptError("\(death.path).at must be a number of body bytes, or \"before_head\"")
            }
            dying = Dying(afterBodyBytes: at?.integer, how: try death.choice("how", default: .reset))
            try death.finish()
        }
    }

    private mutating func readStream(_ members: inout Members) throws(ScriptError) {
        splitEvery = try members.integer("split_every", from: 1)
        for value in try members.array("split_at") ?? [] {
            guard let offset = value.integer, offset > 0 else {
                throw ScriptError("\(members.path).split_at must hold numbers from 1")
            }
            splitAt.append(offset)
        }
        splitAt.sort()
        lineEnd = try members.choice("line_end", default: .lf)
        comment = try members.string("comment")
        fields = try members.strings("fields") ?? []
        firstEvents = try Step.events(&members, "first_events")
        lateEvents = try Step.events(&members, "late_events")
        done = try members.flag("done", default: true)
        finalBlankLine = try members.flag("final_blank_line", default: true)
        if let value = members.take("huge_event") {
            var event = try Members(value, path: members.path + ".huge_event")
            guard let size = try event.integer("mebibytes", from: 1) else {
                throw ScriptError("\(event.path).mebibytes is missing")
            }
            huge = HugeEvent(mebibytes: size, endsWithNewline: try event.flag("newline", default: true))
            try event.finish()
        }
        infinite = try members.flag("infinite", default: false)
    }

    /// Data of events as text: a string goes out as it is, anything else as its JSON.
    private static func events(_ members: inout Members, _ name: String) throws(ScriptError) -> [String] {
        (try members.array(name) ?? []).map { $0.string ?? $0.text }
    }
}
