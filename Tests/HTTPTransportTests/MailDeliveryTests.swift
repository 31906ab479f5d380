// Mail to a real server: plain, with STARTTLS, with TLS, with a login; what is trusted and what is not.

import HTTPTransport
import Support
import Testing

@Suite struct MailDeliveryTests {
    private let login = ["--login", "ops:pass word"]

    private func withLogin(_ mail: MailTransfer, _ server: MailServer? = nil, password: String = "pass word")
        -> MailTransfer
    {
        var mail = mail
        mail.username = "ops"
        mail.password = password
        mail.caFile = server?.caFile
        return mail
    }

    @Test func plain() async throws {
        let server = try await MailServer.start()
        try await withClient { client in
            let reply = try await client.send(mail(server.port, to: ["a@example.com", "b@example.com"]))
            #expect(reply == "250 2.0.0 OK: queued as 1")
            let received = try #require(try server.mails().first)
            #expect(received.from == "opsgate@example.com")
            #expect(received.to == ["a@example.com", "b@example.com"])
            #expect(received.options.contains { $0.hasPrefix("SIZE=") })
            #expect(received.raw.elementsEqual("Subject: test\r\n\r\nhello\r\n".utf8))
            #expect(received.tls == false && received.user == nil)
            #expect(client.statistics.finished == 1 && client.statistics.active == 0)
        }
    }

    @Test func startTLSAndLogin() async throws {
        let server = try await MailServer.start(["--starttls", "required"] + login, names: "IP:127.0.0.1")
        try await withClient { client in
            _ = try await client.send(withLogin(mail(server.port, .startTLS), server))
            let received = try #require(try server.mails().first)
            #expect(received.tls && received.user == "ops")
        }
    }

    @Test func implicitTLSWithLoginMechanism() async throws {
        let arguments = ["--tls", "--no-mechanism", "PLAIN"] + login
        let server = try await MailServer.start(arguments, names: "IP:127.0.0.1")
        try await withClient { client in
            _ = try await client.send(withLogin(mail(server.port, .tls), server))
            let received = try #require(try server.mails().first)
            #expect(received.tls && received.user == "ops")
        }
    }

    @Test func loginWithoutEncryptionWhereThatIsWanted() async throws {
        let server = try await MailServer.start(["--plain-login"] + login)
        try await withClient { client in
            _ = try await client.send(withLogin(mail(server.port)))
            #expect(try server.mails().first?.user == "ops")
        }
    }

    @Test func untrustedAndForeignCertificates() async throws {
        let server = try await MailServer.start(["--starttls", "offered"], names: "DNS:other.example")
        try await withClient { client in
            let untrusted = await mailFailure(client, mail(server.port, .startTLS))
            #expect(untrusted?.kind == .tls && untrusted?.isAmbiguous == false)
            #expect(untrusted?.message.contains("certificate") == true)
            var trusting = mail(server.port, .startTLS)
            trusting.caFile = server.caFile
            #expect(await mailFailure(client, trusting)?.kind == .tls)
            trusting.caFile = nil
            trusting.verifyTLS = false
            _ = try await client.send(trusting)
            #expect(try server.mails().map(\.tls) == [true])
        }
    }

    @Test func aServerWithoutSTARTTLSIsSentNothing() async throws {
        let heard = Heard()
        let server = try RawServer { connection in
            try connection.speakSMTP { stage, line in
                heard.note(line)
                return stage == "EHLO" ? "250-mail.test\r\n250 AUTH PLAIN LOGIN" : nil
            }
        }
        try await withClient { client in
            let failure = await mailFailure(client, withLogin(mail(server.port, .startTLS)))
            #expect(failure?.kind == .tls)
            #expect(failure?.message.contains("STARTTLS") == true)
            #expect(!heard.contains("AUTH") && !heard.contains("MAIL"))
        }
    }

    @Test func aRefusedSTARTTLSIsNotGoneAround() async throws {
        let heard = Heard()
        let server = try RawServer { connection in
            try connection.speakSMTP { stage, line in
                heard.note(line)
                switch stage {
                case "EHLO": return "250-mail.test\r\n250 STARTTLS"
                case "STARTTLS": return "454 4.7.0 TLS not available"
                default: return nil
                }
            }
        }
        try await withClient { client in
            let failure = await mailFailure(client, mail(server.port, .startTLS))
            #expect(failure?.kind == .tls && failure?.code == 454 && failure?.isPermanent == false)
            #expect(!heard.contains("MAIL"))
        }
    }

    @Test func plainTextBehindATLSPort() async throws {
        let server = try RawServer { try $0.speakSMTP() }
        try await withClient { client in
            #expect(await mailFailure(client, mail(server.port, .tls))?.kind == .tls)
        }
    }

    // MARK: - Login

    @Test func aWrongPasswordIsPermanentAndNotRepeated() async throws {
        let server = try await MailServer.start(["--starttls", "required"] + login, names: "IP:127.0.0.1")
        try await withClient { client in
            let failure = await mailFailure(
                client,
                withLogin(mail(server.port, .startTLS), server, password: "hunter2")
            )
            #expect(failure?.kind == .authentication && failure?.code == 535)
            #expect(failure?.isPermanent == true && failure?.isAmbiguous == false)
            #expect(failure.map { "\($0)" }?.contains("hunter2") == false)
            let mails = try server.mails()
            #expect(mails.isEmpty)
        }
    }

    @Test func aLoginThatIsRefusedForNowIsTemporary() async throws {
        let server = try await MailServer.start(["--plain-login", "--login-answer", "454 4.7.0 try later"])
        try await withClient { client in
            let failure = await mailFailure(client, withLogin(mail(server.port)))
            #expect(failure?.kind == .authentication && failure?.code == 454 && failure?.isPermanent == false)
        }
    }

    @Test func aServerThatOffersNoLogin() async throws {
        let server = try await MailServer.start()
        try await withClient { client in
            let failure = await mailFailure(client, withLogin(mail(server.port)))
            #expect(failure?.kind == .authentication && failure?.isPermanent == true)
            let mails = try server.mails()
            #expect(mails.isEmpty)
        }
    }

    @Test func aServerThatWantsALogin() async throws {
        let server = try await MailServer.start(["--plain-login"] + login)
        try await withClient { client in
            let failure = await mailFailure(client, mail(server.port))
            #expect(failure?.kind == .authentication && failure?.code == 530)
        }
    }

    /// A server that repeats what it was sent must not carry it into our logs.
    @Test func secretsAreNotRepeated() async throws {
        let server = try RawServer { connection in
            try connection.speakSMTP { stage, line in
                switch stage {
                case "EHLO": "250-mail.test\r\n250 AUTH PLAIN"
                case "AUTH": "334 "
                case _ where line == "AG9wcwBzM2NyZXQ=": "235 ok"
                case "RCPT": "550 you said s3cret, which is czNjcmV0 or AG9wcwBzM2NyZXQ="
                default: nil
                }
            }
        }
        try await withClient { client in
            let failure = await mailFailure(client, withLogin(mail(server.port), password: "s3cret"))
            #expect(failure?.kind == .recipientRefused)
            #expect(failure?.message.hasSuffix("550 you said ***, which is *** or ***") == true)
        }
        let shown = "\(withLogin(mail(25)))" + String(reflecting: withLogin(mail(25)))
        #expect(!shown.contains("pass word"))
    }

    // MARK: - The message on its way

    @Test func dotsAndLineEnds() async throws {
        let server = try await MailServer.start()
        try await withClient { client in
            var sent = mail(server.port)
            sent.message = Array("Subject: t\r\n\r\n.\r\n..\r\n.a\nlone\n.\n\rcr\r.\r\nend".utf8)
            _ = try await client.send(sent)
            let raw = try #require(try server.mails().first).raw
            #expect(
                String(decoding: raw, as: UTF8.self)
                    == "Subject: t\r\n\r\n.\r\n..\r\n.a\r\nlone\r\n.\r\n\r\ncr\r\n.\r\nend\r\n"
            )
        }
    }

    @Test func aLargeMessageThroughTLS() async throws {
        let server = try await MailServer.start(["--tls"], names: "IP:127.0.0.1")
        try await withClient { client in
            var sent = mail(server.port, .tls)
            sent.caFile = server.caFile
            sent.message = Array("Subject: t\r\n\r\n".utf8)
            for line in 0..<60_000 { sent.message += Array("line \(line) of a long message, some text\r\n".utf8) }
            _ = try await client.send(sent)
            #expect(try server.mails().first?.raw.elementsEqual(sent.message) == true)
        }
    }
}
