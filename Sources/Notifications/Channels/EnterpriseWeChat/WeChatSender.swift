// Messages of a WeCom application to members of the organisation (WeCom documents 91039, 90236).

package import HTTPTransport
package import Identity
import JSON

/// Sends over `ENTERPRISE_WECHAT` channels.
package struct WeChatSender: ChannelSender {
    private let client: HTTPClient
    private let contacts: ContactDirectory
    private let clock: WallClock
    private let tokens: WeChatTokens

    /// Persons in one call.
    private static let maximumReceivers = 1_000
    /// Seconds within which WeCom drops a second copy. Long enough for a repeated attempt, shorter than the interval of
    /// reminders, which may say the same again.
    private static let duplicateInterval = 300

    package init(client: HTTPClient, contacts: ContactDirectory, clock: WallClock = .system) {
        self.client = client
        self.contacts = contacts
        self.clock = clock
        tokens = WeChatTokens(client: client, clock: clock)
    }

    package func send(
        _ message: ChannelMessage,
        channel: NotificationChannel,
        receivers: [String]
    ) async -> DeliveryResult {
        let reached: Reached
        do {
            reached = Reached(receivers, try await contacts.contacts(receivers), way: "WeCom id", address: \.wecomID)
        } catch {
            return .retry(after: nil, "the receivers' WeCom ids could not be read")
        }
        guard !reached.addresses.isEmpty else {
            return .refused(receivers.isEmpty ? "there is no receiver" : reached.problemText)
        }
        guard reached.addresses.count <= Self.maximumReceivers else {
            return .refused("more than \(Self.maximumReceivers) receivers in one message")
        }
        return await deliver(Call(message: message, channel: channel, reached: reached))
    }

    private struct Call {
        let message: ChannelMessage
        let channel: NotificationChannel
        let reached: Reached
        var limit = WeChatContent.textLimit
        var hasFreshToken = false
        var isShortened = false
    }

    /// Sends; with a fresh token if WeCom refuses the one at hand, with half the text if it finds it too long, once each.
    private func deliver(_ first: Call) async -> DeliveryResult {
        var call = first
        var stale: String?
        while true {
            let token: String
            do throws(NoToken) {
                token = try await tokens.token(
                    for: Self.application(call.channel),
                    request: Self.tokenRequest(call.channel),
                    replacing: stale
                )
            } catch {
                return error.result
            }
            let response: WholeResponse
            do throws(TransferFailure) {
                response = try await client.fetch(Self.request(call, token), bodyLimit: WeChatAnswer.bodyLimit)
            } catch {
                return .failed(error)
            }
            guard let answer = WeChatAnswer(response) else { return .unintelligible(response.status) }
            if answer.code == WeChatCode.good { return Self.delivered(answer, call.reached) }
            if WeChatCode.staleToken.contains(answer.code), !call.hasFreshToken {
                call.hasFreshToken = true
                stale = token
            } else if answer.code == WeChatCode.tooLong, !call.isShortened {
                call.isShortened = true
                call.limit /= 2
            } else {
                return WeChatCode.result(of: answer, now: clock.now())
            }
        }
    }

    /// Code 0 may still leave some out (document 90236): they are named.
    private static func delivered(_ answer: WeChatAnswer, _ reached: Reached) -> DeliveryResult {
        let unknown = answer.list("invaliduser")
        let unlicensed = answer.list("unlicenseduser")
        var problems = reached.problems
        if !unknown.isEmpty { problems.append("WeCom does not know \(unknown.joined(separator: ", "))") }
        if !unlicensed.isEmpty { problems.append("without licence: \(unlicensed.joined(separator: ", "))") }
        // WeCom disregards case in ids.
        let missed = Set((unknown + unlicensed).map { $0.lowercased() })
        if reached.addresses.allSatisfy({ missed.contains($0.lowercased()) }) {
            return .refused(problems.joined(separator: "; "))
        }
        let id = answer.members["msgid"]?.string ?? ""
        return .delivered(([id.isEmpty ? "ok" : "msgid \(id)"] + problems).joined(separator: "; "))
    }

    private static func application(_ channel: NotificationChannel) -> WeChatTokens.Application {
        WeChatTokens.Application(
            baseURL: channel.gateway,
            corpID: channel.text("corp_id") ?? "",
            secret: channel.text("secret") ?? ""
        )
    }

    private static func tokenRequest(_ channel: NotificationChannel) -> TransferRequest {
        let corpID = PercentEncoding.query(channel.text("corp_id") ?? "")
        let secret = PercentEncoding.query(channel.text("secret") ?? "")
        return channel.request(
            "GET",
            "\(channel.gateway)/cgi-bin/gettoken?corpid=\(corpID)&corpsecret=\(secret)"
        )
    }

    private static func request(_ call: Call, _ token: String) -> TransferRequest {
        let channel = call.channel
        let type = channel.value("msg_type").string ?? "text"
        let content =
            type == "markdown"
            ? WeChatContent.markdown(call.message, limit: call.limit)
            : WeChatContent.text(call.message, limit: call.limit)
        let body: JSONValue = [
            "touser": .string(call.reached.addresses.joined(separator: "|")),
            "msgtype": .string(type),
            "agentid": channel.config["agent_id"] ?? 0,
            .init(type): ["content": .string(content)],
            "safe": 0,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": .integer(duplicateInterval),
        ]
        return channel.request(
            "POST",
            "\(channel.gateway)/cgi-bin/message/send?access_token=\(PercentEncoding.query(token))",
            headers: ["Content-Type": "application/json; charset=utf-8"],
            body: body.bytes
        )
    }
}

extension NotificationChannel {
    /// WeCom's gateway, without a slash at the end.
    var gateway: String {
        let text = value("base_url").string ?? WeChatConfig.publicGateway
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}

extension DeliveryResult {
    /// An answer that is not WeCom's: below 400 and from 500 the message may have passed through what answered.
    static func unintelligible(_ status: Int) -> DeliveryResult {
        let words = "what answers (HTTP status \(status)) is not WeCom's gateway"
        return (400..<500).contains(status) ? .retry(after: nil, words) : .unknown(words)
    }
}

/// Percent-encoding of values in queries (RFC 3986, section 2).
enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func query(_ text: String) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.append(byte)
            default: result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
