// Mails as bytes, read back by Python's email package, which knows nothing of how they were made.

import HTTPTransport
import Notifications
import Support
import Testing

@Suite struct MailMessageTests {
    private func message(
        subject: String = "Disk is full",
        text: String = "hello",
        html: String? = nil,
        headers: [(String, String)] = []
    ) -> MailMessage {
        MailMessage(
            from: "OpsGate <opsgate@example.com>",
            to: ["ops@example.com"],
            subject: subject,
            text: text,
            html: html,
            messageID: "notice-17.batch-3@opsgate.example.com",
            date: 1_763_719_200_000,
            headers: headers
        )
    }

    private let ourHeaders = [
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    ]

    @Test func textAlone() async throws {
        let parsed = try #require(try await ParsedMail.parse([message(text: "first line\nsecond line")]).first)
        #expect(parsed.headers == ourHeaders)
        #expect(parsed.subject == "Disk is full")
        #expect(parsed.from == [["OpsGate", "opsgate@example.com"]] && parsed.to == [["", "ops@example.com"]])
        #expect(parsed.messageId == "<notice-17.batch-3@opsgate.example.com>")
        #expect(parsed.date == 1_763_719_200)
        #expect(parsed.text == "first line\r\nsecond line" && parsed.html == nil)
        #expect(parsed.types == ["text/plain"] && parsed.defects.isEmpty)
    }

    @Test func twoForms() async throws {
        let mail = message(
            subject: "告警：数据库主节点 db-01 磁盘已满 🔥 👨‍👩‍👧‍👦",
            text: "磁盘使用率 98%\n请尽快处理",
            html: "<p>磁盘使用率 <b>98%</b> &amp; 🔥</p>"
        )
        let parsed = try #require(try await ParsedMail.parse([mail]).first)
        #expect(parsed.subject == mail.subject)
        #expect(parsed.text == "磁盘使用率 98%\r\n请尽快处理")
        #expect(parsed.html == mail.html)
        #expect(parsed.types == ["multipart/alternative", "text/plain", "text/html"])
        #expect(parsed.defects.isEmpty)
    }

    @Test(arguments: [
        String(repeating: "word ", count: 300), String(repeating: "长", count: 500),
        String(repeating: "x", count: 3_000),
        String(repeating: "🔥", count: 200), "", "a", "ü", "=?UTF-8?Q?not_an_encoded_word?=", "ends with =?", "a\"b\\c",
        "(comment) <tag> ; : ,", String(repeating: "é ", count: 100),
    ])
    func subjects(subject: String) async throws {
        let mail = message(subject: subject)
        let parsed = try #require(try await ParsedMail.parse([mail]).first)
        #expect(parsed.subject == (subject.hasSuffix(" ") ? String(subject.dropLast()) : subject))
        #expect(parsed.defects.isEmpty)
        for line in lines(mail) { #expect(line.count <= 76, "\(String(decoding: line, as: UTF8.self))") }
    }

    /// What an alert's title would have to contain to become headers, a body or another mail.
    @Test(arguments: [
        "x\r\nBcc: victim@example.com", "x\nBcc: victim@example.com", "x\rBcc: victim@example.com",
        "x\r\n\r\n<h1>body</h1>", "x\u{0}y", "x\u{85}Bcc: a@b", "x\u{2028}Bcc: a@b", "x\u{B}Bcc: a@b",
        "x\u{1C}Bcc: a@b",
        "x\r\n.\r\nMAIL FROM:<a@b>", "\r\nBcc: a@b", "告警\r\nBcc: a@b", "x\r\n --=_opsgate_alternative",
    ])
    func headerInjection(evil: String) async throws {
        var mail = message(
            subject: evil,
            text: evil,
            html: evil,
            headers: [("X-Alert", evil), (evil, "x"), ("Bcc", "x@y")]
        )
        mail.from = "\(evil) <opsgate@example.com>"
        mail.to = ["ops@example.com", "\(evil)@example.com", "a@example.com, \(evil)"]
        mail.messageID = evil
        let parsed = try #require(try await ParsedMail.parse([mail]).first)
        let ours = ourHeaders.filter { $0 != "Content-Transfer-Encoding" }
        #expect(parsed.headers.filter { $0 != "X-Alert" } == ours)
        #expect(parsed.to == [["", "ops@example.com"]])
        #expect(parsed.from.count == 1)
        #expect(parsed.types == ["multipart/alternative", "text/plain", "text/html"])
        #expect(parsed.messageId.hasPrefix("<") && parsed.messageId.hasSuffix(">"))
        #expect(parsed.defects.isEmpty, "\(parsed.defects)")
        for line in lines(mail) { #expect(!line.contains(0x0D) && !line.contains(0) && line.count <= 998) }
    }

    @Test func displayNames() async throws {
        let names = [
            "Ops, Gate", "O\"Brien", "back\\slash", "值班 经理", "Jürgen (on call)", "=?x?=", "a <b>", "夜班🔥",
            String(repeating: "很长的名字", count: 12),
        ]
        for name in names {
            var mail = message()
            let quoted = name.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
            mail.from = "\"\(String(quoted))\" <opsgate@example.com>"
            mail.to = [mail.from, "plain@example.com", "Plain Name <named@example.com>"]
            var parsed = try #require(try await ParsedMail.parse([mail]).first)
            // Python 3.11 keeps the space between two encoded words of a name, which RFC 2047, section 6.2, has it drop.
            if name.utf8.count > 100 {
                for index in parsed.to.indices.prefix(1) { parsed.to[index][0].removeAll { $0 == " " } }
                for index in parsed.from.indices { parsed.from[index][0].removeAll { $0 == " " } }
            }
            #expect(parsed.from == [[name, "opsgate@example.com"]])
            #expect(
                parsed.to
                    == [
                        [name, "opsgate@example.com"], ["", "plain@example.com"], ["Plain Name", "named@example.com"],
                    ]
            )
            #expect(parsed.defects.isEmpty)
        }
    }

    @Test func furtherHeaders() async throws {
        let id = "<notice-16.\(String(repeating: "x", count: 80))@opsgate.example.com>"
        let mail = message(headers: [
            ("In-Reply-To", id), ("X-OpsGate-Level", "critical"), ("Content-Type", "x"), ("", "y"),
        ])
        let parsed = try #require(try await ParsedMail.parse([mail]).first)
        #expect(parsed.headers.contains("In-Reply-To") && parsed.headers.contains("X-OpsGate-Level"))
        #expect(parsed.types == ["text/plain"])
        // An identifier is never encoded: mail programs look for it as it is.
        #expect(String(decoding: mail.bytes(), as: UTF8.self).contains("In-Reply-To: \(id)\r\n"))
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (1_709_251_199_999, "Thu, 29 Feb 2024 23:59:59 +0000"),
        (-1, "Wed, 31 Dec 1969 23:59:59 +0000"), (Int64.max, "Fri, 31 Dec 9999 23:59:59 +0000"),
        (Int64.min, "Sat, 01 Jan 0000 00:00:00 +0000"),
    ])
    func dates(milliseconds: Int64, text: String) {
        var mail = message()
        mail.date = milliseconds
        #expect(String(decoding: mail.bytes(), as: UTF8.self).hasPrefix("Date: \(text)\r\n"))
    }

    @Test(arguments: [
        ("a@b", "<a@b>"), ("<a@b>", "<a@b>"), ("no-host", "<no-host@opsgate.invalid>"),
        ("", "<unknown@opsgate.invalid>"),
        ("a b>@c\r\nd", "<a-b-@c--d>"), ("..a..b@.c.", "<a.b@c>"), ("告警@b", "<------@b>"),
    ])
    func identifiers(given: String, written: String) {
        var mail = message()
        mail.messageID = given
        #expect(String(decoding: mail.bytes(), as: UTF8.self).contains("\r\nMessage-ID: \(written)\r\n"))
    }

    // MARK: - Random texts

    @Test func randomTextsComeBackAsTheyWere() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededTexts(seed: seed)
        var mails: [MailMessage] = []
        for _ in 0..<300 {
            var mail = message(subject: random.text(80), text: random.text(400), html: random.text(400))
            mail.headers = [("X-Random", random.text(60))]
            mail.from = "\(random.text(20)) <opsgate@example.com>"
            mail.messageID = random.text(30)
            mails.append(mail)
        }
        let parsed = try await ParsedMail.parse(mails)
        let ours = ourHeaders.filter { $0 != "Content-Transfer-Encoding" }
        for (mail, parsed) in zip(mails, parsed) {
            #expect(parsed.subject == SeededTexts.oneLine(mail.subject), "seed \(seed)")
            #expect(parsed.text == SeededTexts.canonical(mail.text), "seed \(seed)")
            #expect(parsed.html == SeededTexts.canonical(mail.html ?? ""), "seed \(seed)")
            #expect(parsed.headers.filter { $0 != "X-Random" } == ours, "seed \(seed)")
            #expect(parsed.types == ["multipart/alternative", "text/plain", "text/html"], "seed \(seed)")
            #expect(parsed.defects.isEmpty, "seed \(seed): \(parsed.defects)")
            #expect(mail.bytes().allSatisfy { $0 < 0x80 && $0 != 0 }, "seed \(seed)")
        }
        #expect(parsed.count == mails.count)
    }

    // MARK: - Through a server

    @Test func throughARealServer() async throws {
        let server = try await MailServer.start(
            ["--starttls", "required", "--login", "ops:secret"],
            names: "IP:127.0.0.1"
        )
        let client = try HTTPClient(configuration: .init(threads: 1))
        let text = "磁盘已满\n.\n..dots\n" + String(repeating: "长行", count: 2_000)
        let mail = message(subject: "告警 🔥 " + String(repeating: "很长的标题", count: 40), text: text, html: "<p>磁盘</p>")
        let transfer = MailTransfer(
            server: "127.0.0.1",
            port: server.port,
            security: .startTLS,
            username: "ops",
            password: "secret",
            sender: "opsgate@example.com",
            recipients: ["ops@example.com"],
            message: mail.bytes(),
            caFile: server.caFile
        )
        // The same message twice has the same identifier, by which it is recognised.
        for _ in 0..<2 { _ = try await client.send(transfer) }
        await client.shutdown()
        let received = try server.mails()
        #expect(received.count == 2)
        for one in received {
            #expect(one.subject == mail.subject && one.html == mail.html)
            #expect(one.text == SeededTexts.canonical(text))
            #expect(one.header("Message-ID") == "<notice-17.batch-3@opsgate.example.com>")
            #expect(one.defects.isEmpty && one.tls && one.raw.elementsEqual(mail.bytes()))
        }
    }

    /// The lines of a message; each must have ended with CRLF.
    private func lines(_ mail: MailMessage) -> [[UInt8]] {
        let text = mail.bytes()
        var lines: [[UInt8]] = [[]]
        var index = 0
        while index < text.count {
            if text[index] == 0x0D, index + 1 < text.count, text[index + 1] == 0x0A {
                lines.append([])
                index += 2
            } else {
                #expect(text[index] != 0x0A)
                lines[lines.count - 1].append(text[index])
                index += 1
            }
        }
        #expect(lines.last == [])
        return lines
    }
}
