// From what there is to tell to a message for one channel: its own templates, the built-in ones, or plain words.

import JSON

/// Renders notices. Never fails: what a channel's template cannot do, built-in text does, and the problem is told.
package struct ChannelRenderer: Sendable {
    package init() {}

    /// A message about one notice.
    ///
    /// - Returns: the message, and why a template of the channel was not used (nil: all was well).
    package func message(
        _ content: NoticeContent,
        channel: NotificationChannel,
        messageID: String
    ) -> (ChannelMessage, problem: String?) {
        let variables = NoticeVariables.one(content.variables, channel: channel.name)
        var rendering = Rendering(channel: channel, variables: variables, plain: PlainText.one(variables))
        let message = rendering.message(.title, .text, .html, .markdown, messageID: messageID)
        return (message, rendering.problem)
    }

    /// One message about many notices.
    ///
    /// - Parameter total: how many there are in all, if not all of them are in `contents`.
    package func digest(
        _ contents: [NoticeContent],
        total: Int,
        channel: NotificationChannel,
        messageID: String
    ) -> (ChannelMessage, String?) {
        let variables = DigestVariables.many(contents, total: total, channel: channel.name)
        var rendering = Rendering(channel: channel, variables: variables, plain: PlainText.many(variables))
        let message = rendering.message(
            .digestTitle,
            .digestText,
            .digestHTML,
            .digestMarkdown,
            messageID: messageID
        )
        return (message, rendering.problem)
    }
}

/// One rendering of all texts of a message.
private struct Rendering {
    let channel: NotificationChannel
    let variables: JSONObject
    let plain: (title: String, text: String)
    private(set) var problem: String?

    init(channel: NotificationChannel, variables: JSONObject, plain: (title: String, text: String)) {
        self.channel = channel
        self.variables = variables
        self.plain = plain
    }

    mutating func message(
        _ title: TemplatePart,
        _ text: TemplatePart,
        _ html: TemplatePart,
        _ markdown: TemplatePart,
        messageID: String
    ) -> ChannelMessage {
        var message = ChannelMessage(
            title: rendered(title, instead: plain.title),
            text: rendered(text, instead: plain.text),
            messageID: messageID,
            level: variables["level"]?.string ?? "",
            link: variables["link"]?.string ?? "",
            variables: variables
        )
        if message.title.isEmpty { message.title = plain.title }
        switch channel.type {
        case .email:
            message.html = rendered(
                html,
                instead: "<pre>" + TemplateStyle.html.escaped(message.text) + "</pre>"
            )
        case .enterpriseWeChat, .enterpriseWeChatBot, .webhook:
            message.markdown = rendered(markdown, instead: TemplateStyle.markdown.escaped(plain.text))
        }
        return message
    }

    private mutating func rendered(_ part: TemplatePart, instead: String) -> String {
        do throws(TemplateFault) {
            if let own = try channel.templates.compiled(part) { return try own.render(variables) }
        } catch {
            let words = "the template \(part.rawValue) \(error.message); the built-in plain text was sent instead"
            problem = problem.map { $0 + "; " + words } ?? words
            return instead
        }
        return (try? DefaultTemplates.template(part)?.render(variables)) ?? instead
    }
}

/// The words that need no template.
private enum PlainText {
    static func one(_ variables: JSONObject) -> (title: String, text: String) {
        let word = { (name: String) in (variables[name]?.string ?? "").withoutControls }
        let title = "[\(word("level_name"))] \(word("headline")): \(word("title"))"
            .shownLine(limit: TemplateLimits.titleOutput)
        let members = ["level", "status", "host", "started_at", "ended_at", "description", "link"]
        let lines = members.compactMap { name in word(name).isEmpty ? nil : "\(name): \(word(name))" }
        return (title, ([title] + lines).joined(separator: "\n").cutVisibly(to: TemplateLimits.textOutput))
    }

    static func many(_ variables: JSONObject) -> (title: String, text: String) {
        let title = (variables["title"]?.string ?? "").shownLine(limit: TemplateLimits.titleOutput)
        let titles = (variables["notices"]?.array ?? []).map { "- \($0["title"]?.string ?? "")" }
        let link = variables["link"]?.string ?? ""
        return (title, ([title] + titles + [link]).joined(separator: "\n").cutVisibly(to: TemplateLimits.textOutput))
    }
}
