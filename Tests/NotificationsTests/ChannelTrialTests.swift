// Channels tried out: test messages and previews.

import HTTPTransport
import Identity
import JSON
import Resources
import Testing

@testable import Notifications

@Suite struct ChannelTrialTests {
    @Test(arguments: StoreEngine.allCases) func aTestTellsWhatTheOtherSideSaid(_ engine: StoreEngine) async throws {
        let sender = NotedSender(.refused("550 no such user, swordfish"))
        try await ChannelWorld.run(engine, sender: sender) { world in
            let id = try await world.make("mail", "EMAIL", ChannelResourceTests.mail).rowID
            let answer = try await world.channels.test(
                id: id,
                body: ["receivers": ["ann", "x@y.org"], "title": "Hello\nthere", "content": "<b>&\nmore"],
                caller: .chief
            )
            #expect(answer["success"] == false && answer["outcome"] == "refused")
            #expect(answer["detail"] == "550 no such user, ***")
            #expect(answer["receivers"] == ["ann", "x@y.org"])
            let sending = try #require(sender.sendings.first)
            #expect(sending.receivers == ["ann", "x@y.org"])
            #expect(sending.channel.config["smtp_password"] == "swordfish")
            #expect(sending.message.title == "Hello there" && sending.message.text == "<b>&\nmore")
            #expect(sending.message.html?.contains("&lt;b&gt;&amp;\nmore") == true)

            _ = try await world.channels.test(id: id, body: [:], caller: .chief)
            #expect(sender.sendings[1].receivers == ["chief"])
            #expect(sender.sendings[1].message.title.hasPrefix("[INFO] Alert: Test of the channel mail at 20"))
            #expect(sender.sendings[1].message.messageID != sending.message.messageID)

            for (body, fault) in [
                (["receivers": "ann"], "receivers: must be a list"), (["title": 5], "title: must be a text"),
                (["to": "x"], "to: is not a member"),
                (["receivers": .array(Array(repeating: "a", count: 21))], "receivers:"),
            ] as [(JSONObject, String)] {
                let found = await faults { _ = try await world.channels.test(id: id, body: body, caller: .chief) }
                #expect(found.first?.hasPrefix(fault) == true, "\(found)")
            }
            await #expect(throws: ResourceError.notFound) {
                _ = try await world.channels.test(id: 99, body: [:], caller: .chief)
            }
        }
    }

    @Test func aTestReachesARobot() async throws {
        try await withWeCom { client, server in
            let senders = ChannelSenders(client: client, contacts: WeChatSenderTests.contacts)
            try await ChannelWorld.run(.sqlite, sender: senders) { world in
                let id = try await world.make(
                    "robot",
                    "ENTERPRISE_WECHAT_BOT",
                    ["key": "robot-key", "base_url": .string(server.baseURL)]
                ).rowID
                let good = try await world.channels.test(id: id, body: ["content": "<@all> hi"], caller: .chief)
                #expect(good["success"] == true && good["detail"] == "ok" && good["receivers"] == [])
                #expect(try await server.messages().first?["content"]?.string?.contains("＜@all> hi") == true)
                try await server.control("settings", ["robots": []])
                let bad = try await world.channels.test(id: id, body: [:], caller: .chief)
                #expect(bad["success"] == false && bad["detail"]?.string?.contains("errcode 93000") == true)
            }
        }
    }

    @Test func previewsShowWhatTemplatesMake() async throws {
        try await ChannelWorld.run(.sqlite) { world in
            let plain = try world.channels.preview(body: [:], caller: .chief)
            #expect(plain["title"] == "[CRITICAL] Alert: CPU of db-1 above 95 %")
            #expect(plain["html"]?.string?.contains("<table") == true && plain["markdown"] == nil as JSONValue)
            #expect(plain["digest"]?["title"] == "25 notices, 3 critical")
            #expect(plain["problem"] == nil as JSONValue)
            let own = try world.channels.preview(
                body: [
                    "channel_type": "ENTERPRISE_WECHAT_BOT",
                    "templates": ["title": "{{mine}}", "markdown": "*{{host}}*"],
                    "variables": ["mine": "<x>", "host": "<@all>"],
                ],
                caller: .chief
            )
            #expect(own["title"] == "<x>" && own["markdown"] == "*＜@all>*" && own["html"] == nil as JSONValue)
            for (body, fault) in [
                (["templates": ["title": "{{#a}}"]], "templates.title: does not compile"),
                (["channel_type": "FAX"], "channel_type: must be one of"),
                (["variables": []], "variables: must be an object"),
            ] as [(JSONObject, String)] {
                let found = await faults { _ = try world.channels.preview(body: body, caller: .chief) }
                #expect(found.first?.hasPrefix(fault) == true, "\(found)")
            }
            #expect(throws: ResourceError.forbidden(.notificationManage)) {
                _ = try world.channels.preview(body: [:], caller: .worker)
            }
        }
    }

    @Test func mailGoesWhereTheConfigurationSays() async throws {
        let client = try HTTPClient()
        let contacts = ContactDirectory { entries in
            let known = ["ann": Contact(entry: "ann", email: "ann@example.com"), "bob": Contact(entry: "bob")]
            return known.filter { entries.contains($0.key) }
        }
        let sender = EmailSender(client: client, contacts: contacts)
        var channel = NotificationChannel(
            id: 1,
            team: 1,
            name: "mail",
            type: .email,
            config: [
                "smtp_server": "smtp.example.com", "from_addr": "ops@example.com", "use_tls": true, "smtp_user": "u",
                "smtp_password": "w", "display_name": "The \"ops\"", "timeout_seconds": 7, "verify_tls": false,
            ]
        )
        let message = ChannelMessage(title: "t", text: "x", messageID: "m-1")
        let transfer = sender.transfer(message, channel, ["ann@example.com"])
        #expect(transfer.port == 587 && transfer.security == .startTLS && !transfer.verifyTLS)
        #expect(transfer.timeouts.total == .seconds(7))
        #expect(transfer.sender == "ops@example.com" && transfer.recipients == ["ann@example.com"])
        channel.config["use_tls"] = false
        channel.config["use_ssl"] = true
        #expect(sender.transfer(message, channel, []).port == 465)
        channel.config["smtp_port"] = 2_465
        #expect(sender.transfer(message, channel, []).port == 2_465)
        #expect(
            await sender.send(message, channel: channel, receivers: ["bob", "cat"])
                == .refused("bob has no mail address; there is no user cat")
        )
        #expect(await sender.send(message, channel: channel, receivers: []).isRefused)
        for (failure, kind) in [
            (MailFailure(.recipientRefused, code: 550, "no", isPermanent: true), "refused"),
            (MailFailure(.couldNotConnect, "no"), "retry"),
            (MailFailure(.connectionLost, "no", isAmbiguous: true), "unknown"),
        ] {
            #expect(EmailSender.result(of: failure).kind == kind)
        }
        await client.shutdown()
    }
}
