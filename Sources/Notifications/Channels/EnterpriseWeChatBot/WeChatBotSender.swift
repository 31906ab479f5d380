// Messages of a robot to its WeCom group (WeCom documents 91770, 99110).

package import HTTPTransport
package import Identity
import JSON

/// Sends over `ENTERPRISE_WECHAT_BOT` channels. The group is the receiver; receivers are not looked at.
package struct WeChatBotSender: ChannelSender {
    private let client: HTTPClient
    private let clock: WallClock

    package init(client: HTTPClient, clock: WallClock = .system) {
        self.client = client
        self.clock = clock
    }

    package func send(
        _ message: ChannelMessage,
        channel: NotificationChannel,
        receivers: [String]
    ) async -> DeliveryResult {
        let isMarkdown = channel.value("msg_type").string != "text"
        var limit = isMarkdown ? WeChatContent.robotMarkdownLimit : WeChatContent.textLimit
        for attempt in 1... {
            let body = Self.body(message, channel, isMarkdown: isMarkdown, limit: limit)
            let response: WholeResponse
            do throws(TransferFailure) {
                let request = channel.request(
                    "POST",
                    Self.url(channel),
                    headers: ["Content-Type": "application/json; charset=utf-8"],
                    body: body.bytes
                )
                response = try await client.fetch(request, bodyLimit: WeChatAnswer.bodyLimit)
            } catch {
                return .failed(error)
            }
            guard let answer = WeChatAnswer(response) else { return .unintelligible(response.status) }
            if answer.code == WeChatCode.good { return .delivered("ok") }
            if answer.code == WeChatCode.tooLong, attempt == 1 {
                limit /= 2
                continue
            }
            return WeChatCode.result(of: answer, now: clock.now())
        }
        return .refused("not sent")
    }

    private static func url(_ channel: NotificationChannel) -> String {
        if let url = channel.text("webhook_url") { return url }
        return "\(channel.gateway)/cgi-bin/webhook/send?key=\(PercentEncoding.query(channel.text("key") ?? ""))"
    }

    /// Markdown knows mentions only inside of the text; they are counted in and never cut off.
    private static func body(
        _ message: ChannelMessage,
        _ channel: NotificationChannel,
        isMarkdown: Bool,
        limit: Int
    ) -> JSONValue {
        let mentioned = (channel.config["mentioned_list"]?.array ?? []).compactMap(\.string)
        guard isMarkdown else {
            var text: JSONObject = ["content": .string(WeChatContent.text(message, limit: limit))]
            if !mentioned.isEmpty { text["mentioned_list"] = .array(mentioned.map { .string($0) }) }
            return ["msgtype": "text", "text": .object(text)]
        }
        let tail = mentioned.isEmpty ? "" : "\n" + mentioned.map { "<@\($0)>" }.joined(separator: " ")
        let content = WeChatContent.markdown(message, limit: limit, tail: tail.utf8.count <= limit / 2 ? tail : "")
        return ["msgtype": "markdown", "markdown": ["content": .string(content)]]
    }
}
