// Webhooks of one's own: what is posted, how it is signed, and what the answer means.

import HTTPTransport
import Identity
import JSON
import Support
import Testing

@testable import Notifications

@Suite struct WebhookSenderTests {
    private func channel(_ server: HookServer, _ path: String, _ more: JSONObject = [:]) -> NotificationChannel {
        var config: JSONObject = ["url": .string(server.baseURL + path)]
        for (key, value) in more { config[key] = value }
        return NotificationChannel(
            id: 1,
            team: 1,
            name: "hook",
            type: .webhook,
            config: config,
            secrets: ["hmac-secret", "Bearer abcdef"]
        )
    }

    private let message = ChannelMessage(
        title: "a \"title\"",
        text: "line\nline",
        markdown: "m",
        messageID: "notice-7",
        level: "critical",
        link: "https://x.example.com/1",
        variables: ["host": "db-1"]
    )

    @Test func postsASignedBody() async throws {
        try await withHook { client, server in
            let time = TestTime()
            let sender = ChannelSenders(client: client, contacts: WeChatSenderTests.contacts, clock: time.clock)
            let config: JSONObject = ["headers": ["Authorization": "Bearer abcdef"], "secret": "hmac-secret"]
            let result = await sender.send(
                message,
                channel: channel(server, "/in?say=thanks+Bearer+abcdef", config),
                receivers: []
            )
            #expect(result == .delivered("HTTP status 200: thanks ***"))
            let request = try #require(try await server.requests().first)
            #expect(request["method"] == "POST")
            let headers = request["headers"]
            #expect(headers?["authorization"] == "Bearer abcdef")
            #expect(headers?["idempotency-key"] == "notice-7")
            #expect(headers?["content-type"] == "application/json; charset=utf-8")
            #expect(headers?["x-opsgate-timestamp"] == "1761040800")
            let body = request["body"]?.string ?? ""
            let expected = MessageSignature.hexadecimal(
                of: Array("1761040800.\(body)".utf8),
                key: Secret("hmac-secret")
            )
            #expect(headers?["x-opsgate-signature"] == .string("v1=" + expected))
            #expect(
                try JSONValue(parsing: body) == [
                    "message_id": "notice-7", "channel": "hook", "title": "a \"title\"", "text": "line\nline",
                    "level": "critical", "link": "https://x.example.com/1", "variables": ["host": "db-1"],
                ]
            )
        }
    }

    @Test func ownBodiesAreEscaped() async throws {
        try await withHook { client, server in
            let sender = WebhookSender(client: client)
            let template: JSONValue =
                #"{"t": "{{title}}", "c": "{{content}}", "h": "{{host}}", "n": {{#host}}1{{/host}}}"#
            _ = await sender.send(
                message,
                channel: channel(server, "/", ["body_template": template, "method": "PUT"]),
                receivers: []
            )
            _ = await sender.send(
                message,
                channel: channel(
                    server,
                    "/",
                    ["body_template": "{{title}}: {{host}}", "headers": ["content-type": "text/plain"]]
                ),
                receivers: []
            )
            let broken = await sender.send(
                message,
                channel: channel(server, "/", ["body_template": "{{title}}"]),
                receivers: []
            )
            let requests = try await server.requests()
            #expect(requests[0]["method"] == "PUT")
            #expect(
                try JSONValue(parsing: requests[0]["body"]?.string ?? "")
                    == ["t": "a \"title\"", "c": "line\nline", "h": "db-1", "n": 1]
            )
            #expect(requests[1]["body"] == "a \"title\": db-1")
            #expect("\(broken)".contains("does not make JSON; the standard body was sent instead"))
            #expect(requests[2]["body"]?.string?.contains("\"message_id\":\"notice-7\"") == true)
        }
    }

    @Test(arguments: [
        (200, "delivered"), (204, "delivered"), (301, "refused"), (307, "refused"), (400, "refused"), (401, "refused"),
        (404, "refused"), (410, "refused"), (408, "retry"), (425, "retry"), (429, "retry"), (500, "retry"),
        (503, "retry"),
    ])
    func theStatusDecides(status: Int, becomes: String) async throws {
        try await withHook { client, server in
            let sender = WebhookSender(client: client)
            let result = await sender.send(message, channel: channel(server, "/\(status)"), receivers: [])
            #expect(result.kind == becomes, "\(result)")
            let requests = try await server.requests()
            #expect(requests.count == 1, "nothing is followed")
        }
    }

    @Test func waitsAsLongAsItIsTold() async throws {
        try await withHook { client, server in
            let time = TestTime()
            let sender = WebhookSender(client: client, clock: time.clock)
            func wait(_ path: String) async -> Duration? {
                let result = await sender.send(message, channel: channel(server, path), receivers: [])
                guard case .retry(let after, _) = result else { return .seconds(-1) }
                return after
            }
            #expect(await wait("/503") == nil)
            #expect(await wait("/503?retry=17") == .seconds(17))
            #expect(await wait("/429?retry=99999999") == .seconds(3_600))
            #expect(await wait("/429?retry=-5") == .seconds(0))
            #expect(await wait("/429?retry=soon") == nil)
            #expect(await wait("/503?retry=Tue,+21+Oct+2025+10:01:30+GMT") == .seconds(90))
        }
    }

    @Test func whatIsNotSentIsNotUnknown() async throws {
        try await withHook { client, server in
            let sender = WebhookSender(client: client)
            #expect(await sender.send(message, channel: channel(server, "/reset"), receivers: []).kind == "unknown")
            let port = try FreePort.take()
            let nowhere = NotificationChannel(
                id: 1,
                team: 1,
                name: "x",
                type: .webhook,
                config: ["url": "http://127.0.0.1:\(port)/"]
            )
            #expect(await sender.send(message, channel: nowhere, receivers: []).kind == "retry")
        }
    }

    @Test func datesAreRead() {
        #expect(HTTPDate.seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(HTTPDate.seconds("Thu, 29 Feb 2024 00:00:00 GMT") == 1_709_164_800)
        for text in ["", "6 Nov 1994", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT"] {
            #expect(HTTPDate.seconds(text) == nil)
        }
    }
}
