// Trying a channel out: a message sent now, and templates looked at without sending.

package import Identity
package import JSON
import Resources

extension ChannelService {
    /// Receivers of one test message.
    private static let maximumReceivers = 20

    /// Sends a test message now and tells what the other side answered. Needs `notification.manage`; an inactive
    /// channel can be tried too.
    ///
    /// - Parameter body: `receivers` (user names or addresses; the caller without it, if the channel has receivers),
    ///   `title`, `content`; all optional. With neither title nor content, a sample alert through the templates.
    /// - Returns: `{"success", "outcome", "detail", "receivers", "title", "problem"?}`; `outcome` is `delivered`,
    ///   `retry`, `refused`, `unknown` or `slow_down`.
    package func test(id: Int64, body: JSONObject, caller: Caller) async throws -> JSONValue {
        let channel = try await channel(id, caller)
        let request = try TestRequest(body)
        let receivers = channel.type.hasReceivers ? request.receivers ?? [caller.username] : []
        guard receivers.count <= Self.maximumReceivers else {
            throw ResourceError.invalid("receivers", "must not have more than \(Self.maximumReceivers) elements")
        }
        // A number of its own, and the time: WeCom drops what it has just had from the same application.
        let now = clock.now()
        let messageID = "test-\(channel.id)-\(now)-\(UInt32.random(in: .min ... .max))"
        let (message, problem) = message(request, channel, messageID, Timestamp(milliseconds: now))
        let result = await sender.send(message, channel: channel, receivers: receivers)
        var answer = result.redacted(for: channel).json
        answer["receivers"] = .array(receivers.map { .string($0) })
        answer["title"] = .string(message.title)
        if let problem { answer["problem"] = .string(problem) }
        return .object(answer)
    }

    /// What templates make, without sending. Needs `notification.manage`.
    ///
    /// - Parameter body: `channel_type`, `templates`, `variables` (put over those of a sample alert); all optional.
    /// - Returns: `{"title", "text", "html", "markdown", "digest": {…}, "problem"}`; members that the type does not use
    ///   are null.
    /// - Throws: `ResourceError.invalid` for a template that does not compile: `templates.title`.
    package func preview(body: JSONObject, caller: Caller) throws -> JSONValue {
        try resource.authorize(.patch, caller)
        var fields = BodyFields(body)
        let type = fields.choice("channel_type", ChannelType.self) ?? .email
        let templates = fields.object("templates") ?? [:]
        let variables = fields.object("variables") ?? [:]
        try fields.finish()
        let channel = NotificationChannel(
            id: 0,
            team: 0,
            name: "preview",
            type: type,
            config: [:],
            templates: ChannelTemplates(try ChannelTemplates.settled(templates))
        )
        var content = SampleNotice.content
        for (name, value) in variables { content.variables[name] = value }
        let (message, problem) = renderer.message(content, channel: channel, messageID: "preview")
        let (digest, digestProblem) = renderer.digest(
            Array(repeating: content, count: 3),
            total: 25,
            channel: channel,
            messageID: "preview"
        )
        var answer = message.texts
        answer["digest"] = .object(digest.texts)
        let problems = [problem, digestProblem].compactMap { $0 }
        answer["problem"] = problems.isEmpty ? .null : .string(problems.joined(separator: "; "))
        return .object(answer)
    }

    private func message(
        _ request: TestRequest,
        _ channel: NotificationChannel,
        _ messageID: String,
        _ now: Timestamp
    ) -> (ChannelMessage, String?) {
        guard request.title != nil || request.content != nil else {
            var content = SampleNotice.content
            content.variables["title"] = .string("Test of the channel \(channel.name) at \(now.text)")
            content.variables["level"] = "info"
            content.variables["status"] = "test"
            content.variables["link"] = ""
            return renderer.message(content, channel: channel, messageID: messageID)
        }
        let title = (request.title ?? "Test of the channel \(channel.name)")
            .shownLine(limit: TemplateLimits.titleOutput)
        let text = (request.content ?? title).withoutControls.cutVisibly(to: TemplateLimits.textOutput)
        let message = ChannelMessage(
            title: title,
            text: channel.type == .email ? text : "\(title)\n\(text)\n\(now.text)",
            html: "<p style=\"white-space:pre-wrap\">\(TemplateStyle.html.escaped(text))</p>",
            markdown:
                "**\(TemplateStyle.markdown.escaped(title))**\n\(TemplateStyle.markdown.escaped(text))\n\(now.text)",
            messageID: messageID,
            level: "info",
            variables: ["title": .string(title), "content": .string(text), "transition": "test"]
        )
        return (message, nil)
    }
}

extension ChannelMessage {
    fileprivate var texts: JSONObject {
        [
            "title": .string(title), "text": .string(text), "html": html.map { .string($0) } ?? .null,
            "markdown": markdown.map { .string($0) } ?? .null,
        ]
    }
}

extension DeliveryResult {
    /// `{"success", "outcome", "detail", "retry_after_seconds"?}`.
    fileprivate var json: JSONObject {
        switch self {
        case .delivered(let text): ["success": true, "outcome": "delivered", "detail": .string(text)]
        case .refused(let text): ["success": false, "outcome": "refused", "detail": .string(text)]
        case .unknown(let text): ["success": false, "outcome": "unknown", "detail": .string(text)]
        case .slowDown(_, let text): ["success": false, "outcome": "slow_down", "detail": .string(text)]
        case .retry(let after, let text):
            [
                "success": false, "outcome": "retry", "detail": .string(text),
                "retry_after_seconds": after.map { .integer($0.components.seconds) } ?? .null,
            ]
        }
    }
}

/// The body of a test.
private struct TestRequest {
    var receivers: [String]?
    var title: String?
    var content: String?

    init(_ body: JSONObject) throws(ResourceError) {
        var fields = BodyFields(body)
        receivers = fields.texts("receivers")
        title = fields.text("title", limit: 1_000)
        content = fields.text("content", limit: 20_000)
        try fields.finish()
    }
}

/// Reads optional members of a body and collects what is wrong with them.
private struct BodyFields {
    private let body: JSONObject
    private var known: Set<String> = []
    private var errors: [FieldError] = []

    init(_ body: JSONObject) { self.body = body }

    private mutating func take(_ name: String) -> JSONValue? {
        known.insert(name)
        guard let value = body[name], !value.isNull else { return nil }
        return value
    }

    private mutating func fail(_ name: String, _ message: String) { errors.append(FieldError(name, message)) }

    mutating func text(_ name: String, limit: Int) -> String? {
        guard let value = take(name) else { return nil }
        guard let text = value.string, text.utf8.count <= limit, !text.utf8.contains(0) else {
            fail(name, "must be a text of at most \(limit) bytes")
            return nil
        }
        return text.isEmpty ? nil : text
    }

    mutating func texts(_ name: String) -> [String]? {
        guard let value = take(name) else { return nil }
        let texts = (value.array ?? []).compactMap(\.string)
        guard let elements = value.array, texts.count == elements.count,
            texts.allSatisfy({ (1...254).contains($0.utf8.count) })
        else {
            fail(name, "must be a list of user names or addresses")
            return nil
        }
        return texts
    }

    mutating func object(_ name: String) -> JSONObject? {
        guard let value = take(name) else { return nil }
        guard case .object(let object) = value else {
            fail(name, "must be an object")
            return nil
        }
        return object
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        _ type: Choice.Type
    ) -> Choice? {
        guard let value = take(name) else { return nil }
        guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
            fail(name, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        return choice
    }

    mutating func finish() throws(ResourceError) {
        for name in body.keys where !known.contains(name) { fail(name, "is not a member of this request") }
        guard errors.isEmpty else { throw .invalid(errors) }
    }
}
