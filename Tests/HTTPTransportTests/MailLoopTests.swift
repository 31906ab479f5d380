// Mail shares its thread with HTTP: nothing waits for a slow mail server, and everything can be given up.

import HTTPTransport
import Support
import Testing

@Suite struct MailLoopTests {
    /// A mail server that stops at one stage until the gate opens, and an HTTP server beside it.
    private func slowServer(_ stage: String, reached: Gate, gate: Gate) throws -> RawServer {
        try RawServer { connection in
            try connection.speakSMTP { now, _ in
                if now == stage {
                    reached.open()
                    gate.wait()
                }
                return nil
            }
        }
    }

    @Test(arguments: ["greeting", "EHLO", "MAIL", "DATA", "end", "QUIT"])
    func aSlowMailServerKeepsNobodyWaiting(stage: String) async throws {
        let reached = Gate()
        let gate = Gate()
        let server = try slowServer(stage, reached: reached, gate: gate)
        let web = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient(.init(threads: 1)) { client in
            let sending = Task { try await client.send(mail(server.port)) }
            #expect(try await eventually { reached.hasOpened })
            // All of it on the one thread, while the mail server thinks.
            for _ in 0..<20 { _ = try await client.fetch(get(web.url()), bodyLimit: 1) }
            #expect(!gate.hasOpened)
            if stage == "QUIT" {
                // Accepted is accepted.
                #expect(try await sending.value == "250 queued")
                gate.open()
            } else {
                #expect(client.statistics.active == 1)
                gate.open()
                #expect(try await sending.value == "250 queued")
            }
        }
    }

    @Test func manyMailsAndRequestsAtOnce() async throws {
        let server = try await MailServer.start(["--starttls", "required"], names: "IP:127.0.0.1")
        let web = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient(.init(threads: 1)) { client in
            try await withThrowingTaskGroup { group in
                for index in 0..<60 {
                    group.addTask {
                        var one = mail(server.port, .startTLS, body: "number \(index)")
                        one.caFile = server.caFile
                        _ = try await client.send(one)
                    }
                    group.addTask { _ = try await client.fetch(get(web.url()), bodyLimit: 1) }
                }
                try await group.waitForAll()
            }
            let bodies = try server.mails().compactMap(\.text).sorted()
            #expect(bodies == (0..<60).map { "number \($0)\r\n" }.sorted())
            #expect(client.statistics.active == 0 && client.statistics.finished == 120)
        }
    }

    // MARK: - Giving up

    @Test(arguments: ["greeting", "EHLO", "MAIL", "DATA", "end"])
    func cancelling(stage: String) async throws {
        let reached = Gate()
        let server = try RawServer { connection in
            try connection.speakSMTP { now, _ in
                if now == stage {
                    reached.open()
                    connection.waitForClose()
                }
                return nil
            }
        }
        try await withClient { client async throws in
            let task = Task { await mailFailure(client, mail(server.port)) }
            #expect(try await eventually { reached.hasOpened })
            task.cancel()
            let failure = await task.value
            #expect(failure?.kind == .cancelled && failure?.isAmbiguous == (stage == "end"))
            #expect(try await eventually { server.accepted.first?.closedByPeerAt != nil })
            #expect(try await eventually { client.statistics.active == 0 })
            #expect(client.statistics.cancelled == 1)
        }
    }

    @Test(arguments: ["greeting", "MAIL", "end"])
    func shuttingDown(stage: String) async throws {
        let reached = Gate()
        let server = try RawServer { connection in
            try connection.speakSMTP { now, _ in
                if now == stage {
                    reached.open()
                    connection.waitForClose()
                }
                return nil
            }
        }
        let client = try HTTPClient(configuration: .init(threads: 1))
        let task = Task { await mailFailure(client, mail(server.port)) }
        #expect(try await eventually { reached.hasOpened })
        await client.shutdown()
        let failure = await task.value
        #expect(failure?.kind == .shutDown && failure?.isAmbiguous == (stage == "end"))
        #expect(await mailFailure(client, mail(server.port))?.kind == .shutDown)
    }

    /// Whatever the moment: a mail that was given up without doubt was not delivered.
    @Test func aStormOfCancellations() async throws {
        raiseDescriptorLimit()
        let delivered = Heard()
        let server = try RawServer { connection in
            try connection.speakSMTP { stage, line in
                if stage == "end" { delivered.note(line) }
                return nil
            }
        }
        let seed = UInt64.random(in: 0...UInt64.max)
        try await withClient(.init(threads: 2)) { client in
            let safe = try await withThrowingTaskGroup(of: String?.self) { group in
                for index in 0..<200 {
                    var random = SplitMix(state: seed &+ UInt64(index))
                    let yields = Int.random(in: 0..<3_000, using: &random)
                    group.addTask {
                        let task = Task { try await client.send(mail(server.port, body: "mail \(index).")) }
                        for _ in 0..<yields { await Task.yield() }
                        task.cancel()
                        do {
                            _ = try await task.value
                            return nil
                        } catch let failure as MailFailure {
                            #expect(failure.kind == .cancelled, "seed \(seed)")
                            return failure.isAmbiguous ? nil : "mail \(index)."
                        }
                    }
                }
                return try await group.reduce(into: [String]()) { if let text = $1 { $0.append(text) } }
            }
            #expect(try await eventually { client.statistics.active == 0 }, "seed \(seed)")
            #expect(try await eventually { server.accepted.allSatisfy { $0.isClosed } }, "seed \(seed)")
            let all = delivered.all.joined()
            for text in safe { #expect(!all.contains(text), "seed \(seed)") }
        }
    }

    // MARK: - What is not even tried

    @Test(arguments: [
        "", "no-at", "@example.com", "a@", "a b@example.com", "a@example.com\r\nRCPT TO:<x@example.com>", "a@b>c",
        "<a@example.com>", "a@example.com\0", "jürgen@example.com", String(repeating: "x", count: 250) + "@b.example",
    ])
    func addressesThatCannotBeUsed(address: String) async throws {
        try await withClient { client in
            let failure = await mailFailure(client, mail(1, to: [address]))
            #expect(failure?.kind == .invalidAddress && failure?.isPermanent == true)
            var from = mail(1)
            from.sender = address
            // Nobody is a sender, too (RFC 5321, section 3.6.3).
            let kind = await mailFailure(client, from)?.kind
            #expect(address.isEmpty ? kind == .couldNotConnect : kind == .invalidAddress)
        }
    }

    @Test func whatElseCannotBeUsed() async throws {
        try await withClient { client in
            for server in ["", "a b", "a/b", "a@b", "a\r\nb", "[a]", "a#b", "a%41", "http://a"] {
                var wrong = mail(25)
                wrong.server = server
                #expect(await mailFailure(client, wrong)?.kind == .invalidServer, "\(server)")
            }
            for port in [0, -1, 65_536] { #expect(await mailFailure(client, mail(port))?.kind == .invalidServer) }
            for word in ["a\r\nb", "a\0b", String(repeating: "a", count: 2_000)] {
                var wrong = mail(25)
                wrong.username = word
                #expect(await mailFailure(client, wrong)?.kind == .invalidCredentials)
                wrong.username = "ops"
                wrong.password = word
                #expect(await mailFailure(client, wrong)?.kind == .invalidCredentials)
            }
            for message in [[], [0x61, 0], Array("Subject: ü".utf8)] as [[UInt8]] {
                var wrong = mail(25)
                wrong.message = message
                #expect(await mailFailure(client, wrong)?.kind == .invalidMessage)
            }
            #expect(await mailFailure(client, mail(25, to: []))?.kind == .invalidAddress)
            #expect(client.statistics.started == 0)
            // Could be an IPv6 address until libcurl looks.
            var withPort = mail(25)
            withPort.server = "a:25"
            #expect(await mailFailure(client, withPort)?.kind == .invalidServer)
        }
    }
}
