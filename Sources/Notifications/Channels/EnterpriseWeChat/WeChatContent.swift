// What fits into one WeCom message.

import JSON

/// The text of a WeCom message, at most so many bytes; what does not fit is left out visibly.
///
/// WeCom cuts texts above 2,048 bytes without a word and refuses longer markdown with 40058 (documents 90236, 91770),
/// so it must not come to that.
enum WeChatContent {
    static let textLimit = 2_048
    /// Of applications.
    static let markdownLimit = 2_048
    /// Of robots.
    static let robotMarkdownLimit = 4_096

    /// - Parameters:
    ///   - limit: bytes of UTF-8 in all.
    ///   - tail: stands at the end whatever is cut, such as mentions.
    static func text(_ message: ChannelMessage, limit: Int, tail: String = "") -> String {
        let body = message.text.isEmpty ? message.title : message.text
        return fitted(body, link: message.link, limit: limit, tail: tail)
    }

    static func markdown(_ message: ChannelMessage, limit: Int, tail: String = "") -> String {
        let body = message.markdown ?? TemplateStyle.markdown.escaped(message.text)
        let link = message.link.isEmpty ? "" : "[\(message.link)](\(message.link))"
        return fitted(body.isEmpty ? message.title : body, link: link, limit: limit, tail: tail)
    }

    private static func fitted(_ body: String, link: String, limit: Int, tail: String) -> String {
        let room = max(0, limit - tail.utf8.count)
        // A very long link would leave no room for what it is about.
        let pointer = link.utf8.count <= room / 3 && !link.isEmpty ? ": \(link)" : ""
        return body.cutWithNote(to: room) { "\n(\($0) bytes left out\(pointer))" } + tail
    }
}
