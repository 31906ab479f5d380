// From a webhook to the right person's mailbox, and what people then do.

import Foundation
import JSON
import Support
import Testing

@Suite struct NotificationTests {
    private static let receiver = "/api/v1/alerts/api/receiver_data/?source_id=default"

    private func event(_ id: String, _ status: String = "firing", level: String = "critical") -> String {
        """
        {"title":"Disk of \(id) is full","level":"\(level)","status":"\(status)","external_id":"\(id)",\
        "start_time":"2026-11-20T10:00:00Z","end_time":"2026-11-20T11:00:00Z","labels":{"instance":"\(id)"}}
        """
    }

    private func send(_ gateway: Gateway, _ events: String...) async throws {
        let answer = try await gateway.post(
            Self.receiver,
            "{\"events\":[\(events.joined(separator: ","))]}",
            headers: [("SECRET", gateway.webhookSecret)]
        )
        #expect(answer.status == 200, "\(answer.text)")
    }

    /// A mail channel to the server, and an assignment of everything to one mailbox.
    private func setUp(_ gateway: Gateway, _ mail: MailServer, more: String = "") async throws -> Int {
        let channel = try await gateway.post(
            "/api/v1/system_mgmt/channel/",
            """
            {"name":"mail","channel_type":"EMAIL","config":{"smtp_server":"127.0.0.1","smtp_port":\(mail.port),\
            "from_addr":"opsgate@example.com"}}
            """
        )
        #expect(channel.status == 200, "\(channel.text)")
        let id = try #require(try channel.json["data"]?["id"]?.int)
        let assignment = try await gateway.post(
            "/api/v1/alerts/api/assignment/",
            """
            {"name":"all to ops","match_type":"all","match_rules":[],"personnel":["ops@example.com"],\
            "notify_channels":[\(id)],"notification_scenario":["assignment","recovered"]\(more)}
            """
        )
        #expect(assignment.status == 200, "\(assignment.text)")
        return id
    }

    private func mails(_ server: MailServer, atLeast count: Int) async throws -> [MailServer.Mail] {
        try await eventually("\(count) mails have come", every: .milliseconds(50)) {
            let mails = try server.mails()
            return mails.count >= count ? mails : nil
        }
    }

    @Test func aPersonIsToldOfTheBeginningAndOfTheEnd() async throws {
        let mail = try await MailServer.start()
        let gateway = try await Gateway.start()
        _ = try await setUp(gateway, mail)
        try await send(gateway, event("db-07"))
        let first = try #require(try await mails(mail, atLeast: 1).first)
        #expect(first.to == ["ops@example.com"])
        #expect(first.subject?.contains("Disk of db-07 is full") == true)
        #expect(first.text?.contains("critical") == true && first.html?.contains("db-07") == true)
        #expect(first.defects.isEmpty)

        let alert = try await gateway.get("/api/v1/alerts/api/alerts/").json["data"]?["results"]?[0]
        #expect(alert?["handling"]?.string == "pending")
        #expect(alert?["operators"]?[0]?.string == "ops@example.com")

        // The same again says nothing new.
        try await send(gateway, event("db-07"))
        try await send(gateway, event("db-07", "resolved"))
        let both = try await mails(mail, atLeast: 2)
        #expect(both.count == 2)
        #expect(both[1].subject?.contains("Disk of db-07 is full") == true)
        #expect(both[1].header("message-id") != both[0].header("message-id"))
        let notices = try await gateway.get("/api/v1/system_mgmt/notification/?ordering=id").json["data"]
        #expect(notices?["count"]?.int == 2)
        #expect(notices?["results"]?.array?.compactMap { $0["transition"]?.string } == ["assignment", "recovered"])
        #expect(notices?["results"]?.array?.allSatisfy { $0["state"]?.string == "sent" } == true)
        try await gateway.stop()
    }

    @Test func aTestMessageTellsWhatTheOtherSideAnsweredAndSecretsStayHidden() async throws {
        let mail = try await MailServer.start(["--login", "relay:open-sesame", "--plain-login"])
        let gateway = try await Gateway.start()
        let made = try await gateway.post(
            "/api/v1/system_mgmt/channel/",
            """
            {"name":"mail","channel_type":"EMAIL","config":{"smtp_server":"127.0.0.1","smtp_port":\(mail.port),\
            "smtp_user":"relay","smtp_password":"open-sesame","from_addr":"opsgate@example.com"}}
            """
        )
        #expect(made.status == 200 && !made.text.contains("open-sesame"), "\(made.text)")
        let id = try #require(try made.json["data"]?["id"]?.int)
        let path = "/api/v1/system_mgmt/channel/\(id)/test/"
        let good = try await gateway.post(path, #"{"receivers":["ann@example.com"],"title":"Hello","content":"World"}"#)
        #expect(try good.json["data"]?["success"]?.bool == true, "\(good.text)")
        #expect(try good.json["data"]?["detail"]?.string?.contains("250") == true)
        #expect(try mail.mails().first?.subject?.contains("Hello") == true)
        let changed = try await HTTPProbe.ask(
            "PATCH",
            port: gateway.port,
            "/api/v1/system_mgmt/channel/\(id)/",
            headers: [gateway.authorization, ("Content-Type", "application/json")],
            body: Array(
                """
                {"config":{"smtp_server":"127.0.0.1","smtp_port":\(mail.port),"smtp_user":"relay",\
                "smtp_password":"wrong","from_addr":"opsgate@example.com"}}
                """.utf8
            )
        )
        #expect(changed.status == 200, "\(changed.text)")
        let bad = try await gateway.post(path, #"{"receivers":["ann@example.com"]}"#)
        #expect(try bad.json["data"]?["success"]?.bool == false)
        #expect(!bad.text.contains("wrong\"") && !gateway.process.output.contains("open-sesame"))
        try await gateway.stop()
    }

    @Test func killedWhileNotifyingNobodyIsForgottenAndNoIdentifierComesTwice() async throws {
        let mail = try await MailServer.start()
        let gateway = try await RestartingGateway()
        _ = try await setUp(gateway.first, mail, more: "")
        let alerts = 60
        let sender = RetryingSender(port: gateway.port, secret: gateway.first.webhookSecret, path: Self.receiver)
        for number in 0..<alerts {
            try await sender.send("{\"events\":[\(event("host-\(number)"))]}")
            if number == 20 || number == 45 { try await gateway.kill() }
        }
        try await gateway.kill()
        let last = await gateway.gateway
        try await eventually("every notice has its end", every: .milliseconds(200)) {
            let rows = try await last.sql("SELECT COUNT(*) AS n FROM notification WHERE state = 'sent'")
            return rows.first?["n"] == "\(alerts)"
        }
        let rows = try await last.sql("SELECT id, batch FROM notification")
        #expect(rows.count == alerts)
        // Each notice is in a mail of its own or in a digest, and what was sent twice has one Message-ID.
        let received = try mail.mails()
        for number in 0..<alerts {
            let name = "host-\(number)"
            let said = received.filter { mail in
                (mail.subject ?? "").contains("\(name) ") || (mail.text ?? "").contains("\(name) ")
            }
            let singles = said.filter { ($0.subject ?? "").contains("\(name) ") }
            #expect(Set(singles.compactMap { $0.header("message-id") }).count <= 1, "\(name) was told twice")
        }
        let batches = Set(rows.compactMap { $0["batch"] }.filter { !$0.isEmpty })
        let singles = rows.filter { ($0["batch"] ?? "").isEmpty }
        let identifiers = Set(received.compactMap { $0.header("message-id") })
        #expect(identifiers.count >= singles.count + batches.count)
        try await gateway.stop()
    }
}
