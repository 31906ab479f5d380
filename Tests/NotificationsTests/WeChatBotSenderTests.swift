// A robot's messages, against a gateway that speaks the vendor's protocol; the gateway itself, against other clients.

import HTTPTransport
import Identity
import JSON
import Support
import Testing

@testable import Notifications

@Suite struct WeChatBotSenderTests {
    private func channel(_ server: WeComServer, _ more: JSONObject = [:], url: Bool = true) -> NotificationChannel {
        var config: JSONObject =
            url
            ? ["webhook_url": .string("\(server.baseURL)/cgi-bin/webhook/send?key=robot-key")]
            : ["key": "robot-key", "base_url": .string(server.baseURL)]
        for (key, value) in more { config[key] = value }
        return NotificationChannel(
            id: 1,
            team: 1,
            name: "robot",
            type: .enterpriseWeChatBot,
            config: config,
            secrets: ["robot-key"]
        )
    }

    private func message(_ text: String) -> ChannelMessage {
        ChannelMessage(title: "t", text: text, markdown: "# \(text)", messageID: "m")
    }

    @Test func sendsTextAndMarkdown() async throws {
        try await withWeCom { client, server in
            let sender = WeChatBotSender(client: client)
            let ways: [NotificationChannel] = [
                channel(server), channel(server, url: false),
                channel(server, ["msg_type": "text", "mentioned_list": ["ann", "@all"]]),
                channel(server, ["mentioned_list": ["ann", "bob"]]),
            ]
            for way in ways {
                #expect(await sender.send(message("hi"), channel: way, receivers: []) == .delivered("ok"))
            }
            let messages = try await server.messages()
            #expect(messages.map { $0["content"] } == ["# hi", "# hi", "hi", "# hi\n<@ann> <@bob>"])
            #expect(messages[2]["body"]?["text"]?["mentioned_list"] == ["ann", "@all"])
        }
    }

    @Test func longMessagesFit() async throws {
        try await withWeCom { client, server in
            let sender = WeChatBotSender(client: client)
            let long = message(String(repeating: "长", count: 3_000))
            let mentions: JSONObject = ["mentioned_list": ["ann"]]
            #expect(await sender.send(long, channel: channel(server, mentions), receivers: []).isDelivered)
            #expect(await sender.send(long, channel: channel(server, ["msg_type": "text"]), receivers: []).isDelivered)
            let messages = try await server.messages()
            #expect(messages[0]["content"]?.string?.hasSuffix("bytes left out)\n<@ann>") == true)
            #expect((messages[0]["bytes"]?.int ?? 0) > 4_000)
            #expect(messages[1]["content"]?.string?.hasSuffix("bytes left out)") == true)
            #expect(try await server.journal()["codes"]?.array?.allSatisfy { $0["errcode"] == 0 } == true)
        }
    }

    @Test func theTwentyFirstWaits() async throws {
        try await withWeCom { client, server in
            let time = TestTime()
            let sender = WeChatBotSender(client: client, clock: time.clock)
            for number in 1...20 {
                #expect(await sender.send(message("\(number)"), channel: channel(server), receivers: []).isDelivered)
            }
            let result = await sender.send(message("21"), channel: channel(server), receivers: [])
            guard case .slowDown(let until, _) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(until == time.now + 60_000)
            try await server.control("advance", ["seconds": 61])
            #expect(await sender.send(message("21"), channel: channel(server), receivers: []).isDelivered)
            #expect(try await server.messages().count == 21)
        }
    }

    @Test func aDeadRobotIsRefusedWithoutItsKey() async throws {
        try await withWeCom { client, server in
            let sender = ChannelSenders(client: client, contacts: WeChatSenderTests.contacts)
            try await server.control("settings", ["robots": []])
            let result = await sender.send(message("x"), channel: channel(server), receivers: [])
            #expect(result.isRefused && "\(result)".contains("93000") && !"\(result)".contains("robot-key"))
            try await server.control("settings", ["robots": ["robot-key"]])
            try await server.answer("webhook/send", ["reset": true], ["errcode": -1], ["errcode": 40058])
            #expect(await sender.send(message("x"), channel: channel(server), receivers: []).kind == "unknown")
            #expect(await sender.send(message("x"), channel: channel(server), receivers: []).kind == "retry")
            let halved = await sender.send(
                message(String(repeating: "y", count: 4_000)),
                channel: channel(server),
                receivers: []
            )
            #expect(halved.isDelivered)
            #expect((try await server.messages().last?["bytes"]?.int ?? 0) <= 2_048)
        }
    }

    /// The gateway of the tests is not only what we think of WeCom: wechatpy and apprise understand it.
    @Test func otherClientsUnderstandTheGateway() async throws {
        let python = try await PythonEnvironment.shared()
        try await withWeCom { _, server in
            let result = try await python.run(
                #"""
                import sys
                import requests
                from wechatpy.enterprise import WeChatClient
                from wechatpy.exceptions import WeChatClientException
                base = sys.argv[1]

                class Here(requests.Session):
                    def request(self, method, url, **options):
                        return super().request(method, url.replace("https://qyapi.weixin.qq.com", base), **options)

                client = WeChatClient("corp", "app-secret")
                client._http = Here()
                assert client.message.send_text(1000002, ["ann", "zoe"], content="one")["invaliduser"] == "zoe"
                def code(call):
                    try:
                        call()
                    except WeChatClientException as error:
                        return error.errcode
                assert code(lambda: client.message.send_text(7, ["ann"], content="x")) == 40056
                assert code(lambda: client.message.send_text(1000002, ["zoe"], content="x")) == 81013
                requests.post(base + "/control/expire", json={})
                client.message.send_text(1000002, ["bob"], content="two")
                bad = WeChatClient("corp", "wrong")
                bad._http = Here()
                assert code(lambda: bad.message.send_text(1000002, ["ann"], content="x")) == 40001

                from apprise.plugins.wecombot import NotifyWeComBot
                NotifyWeComBot.notify_url = base + "/cgi-bin/webhook/send?key={key}"
                assert NotifyWeComBot(key="robot-key").send(body="three", title="")
                print("understood")
                """#,
                [server.baseURL]
            )
            #expect(result.output.contains("understood"), "\(result)")
            #expect(try await server.messages().map { $0["content"] } == ["one", "two", "three"])
            #expect(try await server.calls("gettoken") == 3)
        }
    }
}
