// A WeCom application's messages, against a gateway that speaks the vendor's protocol.

import HTTPTransport
import Identity
import JSON
import Support
import Testing

@testable import Notifications

@Suite struct WeChatSenderTests {
    static let contacts = ContactDirectory { entries in
        let known = [
            "ann": Contact(entry: "ann", wecomID: "ann"), "bob": Contact(entry: "bob", wecomID: "bob"),
            "zoe": Contact(entry: "zoe", wecomID: "zoe"), "mailer": Contact(entry: "mailer", email: "m@example.com"),
            "gone": Contact(entry: "gone", wecomID: "ann", isActive: false),
        ]
        return known.filter { entries.contains($0.key) }
    }

    private func channel(_ server: WeComServer, _ more: JSONObject = [:]) -> NotificationChannel {
        var config: JSONObject = [
            "corp_id": "corp", "agent_id": 1_000_002, "secret": "app-secret", "base_url": .string(server.baseURL + "/"),
        ]
        for (key, value) in more { config[key] = value }
        return NotificationChannel(
            id: 1,
            team: 1,
            name: "app",
            type: .enterpriseWeChat,
            config: config,
            secrets: ["app-secret"]
        )
    }

    private func message(_ text: String = "hello", id: String = "m1") -> ChannelMessage {
        ChannelMessage(title: "t", text: text, markdown: "**\(text)**", messageID: id)
    }

    @Test func sendsAndKeepsTheToken() async throws {
        try await withWeCom { client, server in
            let sender = ChannelSenders(client: client, contacts: Self.contacts)
            let first = await sender.send(message(), channel: channel(server), receivers: ["ann", "bob"])
            guard case .delivered(let words) = first else {
                Issue.record("\(first)")
                return
            }
            #expect(words.hasPrefix("msgid "))
            let second = await sender.send(
                message("more"),
                channel: channel(server, ["msg_type": "markdown"]),
                receivers: ["ann"]
            )
            #expect(second.isDelivered)
            #expect(try await server.calls("gettoken") == 1)
            let messages = try await server.messages()
            #expect(messages.map { $0["to"] } == ["ann", "bob", "ann"])
            #expect(messages.map { $0["content"] } == ["hello", "hello", "**more**"])
            #expect(messages[0]["body"]?["agentid"] == 1_000_002)
            #expect(messages[0]["body"]?["enable_duplicate_check"] == 1)
        }
    }

    @Test func oneFetchServesAll() async throws {
        try await withWeCom { client, server in
            try await server.answer("gettoken", ["delay_ms": 300])
            let sender = WeChatSender(client: client, contacts: Self.contacts)
            let channel = channel(server)
            let results = await withTaskGroup(of: DeliveryResult.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        await sender.send(message("n\(number)", id: "m\(number)"), channel: channel, receivers: ["ann"])
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(!results.contains { !$0.isDelivered })
            #expect(try await server.calls("gettoken") == 1)
            // All of them find out at once that the token has died.
            try await server.control("forget")
            let again = await withTaskGroup(of: DeliveryResult.self) { group in
                for number in 0..<5 {
                    group.addTask {
                        await sender.send(message("a\(number)", id: "a\(number)"), channel: channel, receivers: ["bob"])
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(!again.contains { !$0.isDelivered })
            #expect(try await server.calls("gettoken") == 2)
        }
    }

    @Test(arguments: ["expire", "forget"]) func aDeadTokenIsReplacedOnce(how: String) async throws {
        try await withWeCom { client, server in
            let sender = WeChatSender(client: client, contacts: Self.contacts)
            #expect(await sender.send(message("one"), channel: channel(server), receivers: ["ann"]).isDelivered)
            try await server.control(how)
            #expect(await sender.send(message("two"), channel: channel(server), receivers: ["ann"]).isDelivered)
            #expect(try await server.calls("gettoken") == 2)
            #expect(try await server.messages().map { $0["content"] } == ["one", "two"])
        }
    }

    @Test(arguments: [40001, 40014, 42001]) func aTokenThatIsNeverGoodEndsIt(code: Int) async throws {
        try await withWeCom { client, server in
            let bad: JSONValue = ["errcode": .integer(code)]
            try await server.answer("message/send", bad, bad, bad)
            let sender = WeChatSender(client: client, contacts: Self.contacts)
            let result = await sender.send(message(), channel: channel(server), receivers: ["ann"])
            #expect(result.isRefused, "\(result)")
            #expect(try await server.calls("message/send") == 2)
            #expect(try await server.calls("gettoken") == 2)
        }
    }

    @Test func aTokenIsRenewedBeforeItEnds() async throws {
        try await withWeCom { client, server in
            let time = TestTime()
            let sender = WeChatSender(client: client, contacts: Self.contacts, clock: time.clock)
            #expect(await sender.send(message("one"), channel: channel(server), receivers: ["ann"]).isDelivered)
            time.advance(seconds: 7_000)
            try await server.control("advance", ["seconds": 7_000])
            #expect(await sender.send(message("two"), channel: channel(server), receivers: ["ann"]).isDelivered)
            #expect(try await server.calls("gettoken") == 2)
        }
    }

    @Test(arguments: [
        (-1, "retry"), (45009, "slow"), (45033, "slow"), (40013, "refused"), (40056, "refused"), (41001, "refused"),
        (60011, "refused"), (60020, "refused"), (81013, "refused"), (40058, "refused"), (99999, "retry"),
    ])
    func codesDecide(code: Int, becomes: String) async throws {
        try await withWeCom { client, server in
            // The words beside the code say the opposite.
            let answer: JSONValue = ["errcode": .integer(code), "errmsg": "ok"]
            try await server.answer("message/send", answer, answer, answer)
            let sender = WeChatSender(client: client, contacts: Self.contacts)
            let result = await sender.send(message(), channel: channel(server), receivers: ["ann"])
            #expect(result.kind == becomes, "\(result)")
            #expect(try await server.calls("message/send") == (code == 40058 ? 2 : 1))
        }
    }

    @Test func whoIsNotReachedIsNamed() async throws {
        try await withWeCom { client, server in
            let sender = ChannelSenders(client: client, contacts: Self.contacts)
            let channel = channel(server)
            let some = await sender.send(
                message(),
                channel: channel,
                receivers: ["ann", "zoe", "mailer", "gone", "who"]
            )
            guard case .delivered(let words) = some else {
                Issue.record("\(some)")
                return
            }
            for part in ["does not know zoe", "mailer has no WeCom id", "gone is deactivated", "there is no user who"] {
                #expect(words.contains(part), "\(words)")
            }
            let none = await sender.send(message("x"), channel: channel, receivers: ["zoe"])
            #expect(none.isRefused)
            #expect(
                await sender.send(message(), channel: channel, receivers: ["mailer"])
                    == .refused("mailer has no WeCom id")
            )
            #expect(await sender.send(message(), channel: channel, receivers: []).isRefused)
            // An older gateway lets a single bad receiver pass with code 0.
            try await server.answer("message/send", ["errcode": 0, "members": ["invaliduser": "Bob"]])
            #expect(await sender.send(message(), channel: channel, receivers: ["bob"]).isRefused)
        }
    }

    @Test func badCredentialsAreToldWithoutThem() async throws {
        try await withWeCom { client, server in
            let sender = ChannelSenders(client: client, contacts: Self.contacts)
            var wrong = channel(server, ["secret": "other-secret"])
            wrong.secrets = ["other-secret"]
            let secret = await sender.send(message(), channel: wrong, receivers: ["ann"])
            #expect(secret.isRefused && !"\(secret)".contains("other-secret"))
            let corp = await sender.send(
                message(),
                channel: channel(server, ["corp_id": "x"]),
                receivers: ["ann"]
            )
            #expect(corp.isRefused && "\(corp)".contains("40013"))
            try await server.answer("gettoken", ["errcode": 45009], ["status": 502, "body": "<html>"])
            let often = await sender.send(message(), channel: channel(server), receivers: ["ann"])
            #expect(often.kind == "slow")
            let proxy = await sender.send(message(), channel: channel(server), receivers: ["ann"])
            #expect(proxy.kind == "retry")
            #expect(try await server.messages().isEmpty)
        }
    }

    @Test func longTextsAreNeverCutSilently() async throws {
        try await withWeCom { client, server in
            let sender = WeChatSender(client: client, contacts: Self.contacts)
            let long = message(String(repeating: "长", count: 2_000))
            #expect(await sender.send(long, channel: channel(server), receivers: ["ann"]).isDelivered)
            #expect(
                await sender.send(long, channel: channel(server, ["msg_type": "markdown"]), receivers: ["ann"])
                    .isDelivered
            )
            for message in try await server.messages() {
                #expect(message["content"]?.string?.contains("bytes left out") == true)
                #expect((message["bytes"]?.int ?? 0) <= 2_048 && (message["bytes"]?.int ?? 0) > 2_000)
                #expect(message["content"] == message["body"]?[message["msgtype"]?.string ?? ""]?["content"])
            }
        }
    }

    @Test func anAnswerThatIsMissingIsUnknown() async throws {
        try await withWeCom { client, server in
            let sender = WeChatSender(client: client, contacts: Self.contacts)
            try await server.answer("message/send", ["reset": true], ["status": 500, "body": "oops"], ["status": 404])
            let channel = channel(server)
            let reset = await sender.send(message(), channel: channel, receivers: ["ann"])
            #expect(reset.kind == "unknown", "\(reset)")
            #expect(try await server.messages().count == 1)
            // Sent again, WeCom drops what it has.
            try await server.answer("message/send")
            #expect(await sender.send(message("other"), channel: channel, receivers: ["ann"]).kind == "unknown")
            #expect(await sender.send(message("other"), channel: channel, receivers: ["ann"]).kind == "retry")
            #expect(await sender.send(message(), channel: channel, receivers: ["ann"]).isDelivered)
            #expect(try await server.messages().count == 1)
            #expect(try await server.journal()["dropped"]?[0]?["why"] == "duplicate")
            try await server.process.kill()
            #expect(await sender.send(message(), channel: channel, receivers: ["ann"]).kind == "retry")
        }
    }

    @Test func aSlowAnswerIsUnknown() async throws {
        try await withWeCom { client, server in
            let sender = WeChatSender(client: client, contacts: Self.contacts)
            #expect(await sender.send(message("a"), channel: channel(server), receivers: ["ann"]).isDelivered)
            try await server.answer("message/send", ["delay_ms": 4_000])
            let slow = await sender.send(
                message("b"),
                channel: channel(server, ["timeout_seconds": 1]),
                receivers: ["ann"]
            )
            #expect(slow.kind == "unknown", "\(slow)")
        }
    }
}

extension DeliveryResult {
    var kind: String {
        switch self {
        case .delivered: "delivered"
        case .retry: "retry"
        case .refused: "refused"
        case .unknown: "unknown"
        case .slowDown: "slow"
        }
    }

    var isDelivered: Bool { kind == "delivered" }
    var isRefused: Bool { kind == "refused" }
}
