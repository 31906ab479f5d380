// Connections that die: before, in and after the head, while pooled; by a close and by a reset.

import HTTPTransport
import Testing

@Suite struct DeathTests {
    enum End: CaseIterable, Sendable {
        case close, reset

        func happens(to connection: RawConnection) {
            switch self {
            case .close: connection.close()
            case .reset: connection.reset()
            }
        }
    }

    static let headers = ["Content-Length: 1000", "Transfer-Encoding: chunked"]

    /// A body that breaks off never looks complete, and what had arrived comes first.
    @Test(arguments: headers, End.allCases)
    func midway(header: String, end: End) async throws {
        let seen = Gate()
        let server = try RawServer { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\n\(header)\r\n\r\n")
            if header.hasPrefix("C") {
                try connection.send("hello")
            } else {
                try connection.sendChunk(Array("hello".utf8))
            }
            seen.wait()
            end.happens(to: connection)
        }
        try await withClient { client in
            let response = try await client.stream(get(server.url("/secret?k=v")))
            #expect(try await response.nextBatch() == Array("hello".utf8))
            seen.open()
            for _ in 0..<2 {
                let failure = await failure { () throws(TransferFailure) in try await response.nextBatch() }
                #expect(failure?.kind == .connectionLost)
                #expect(failure?.isRetryable == false)
                #expect(failure?.message.contains("secret") == false)
            }
            let whole = await failure { () throws(TransferFailure) in
                try await client.fetch(get(server.url()), bodyLimit: .max)
            }
            #expect(whole?.kind == .connectionLost && whole?.isRetryable == false)
            #expect(client.statistics.failed == 2)
        }
    }

    @Test func insideAChunkOrItsSize() async throws {
        let pieces = ["5", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0", "5\r\nhello\r\n0\r\n"]
        for piece in pieces {
            let server = try RawServer { connection in
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + piece)
            }
            try await withClient { client in
                let response = try await client.stream(get(server.url()))
                let failure = await failure { () throws(TransferFailure) in try await response.collect(limit: 100) }
                #expect(failure?.kind == .connectionLost, "after \(piece.debugDescription)")
            }
        }
    }

    @Test func nonsenseInsteadOfAChunk() async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n")
            connection.waitForClose()
        }
        try await withClient { client in
            let response = try await client.stream(get(server.url()))
            let failure = await failure { () throws(TransferFailure) in try await response.collect(limit: 100) }
            #expect(failure?.kind == .connectionLost)
        }
    }

    @Test(arguments: End.allCases)
    func beforeAnyAnswer(end: End) async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            end.happens(to: connection)
        }
        try await withClient { client in
            let failure = await failure { () throws(TransferFailure) in try await client.stream(get(server.url())) }
            #expect(failure?.kind == .connectionLost)
            #expect(failure?.isRetryable == true)
            #expect(server.accepted.count == 1)
        }
    }

    @Test(arguments: End.allCases)
    func insideTheHead(end: End) async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Le")
            end.happens(to: connection)
        }
        try await withClient { client in
            let failure = await failure { () throws(TransferFailure) in try await client.stream(get(server.url())) }
            #expect(failure?.kind == .connectionLost)
            if end == .close { #expect(failure?.isRetryable == false) }
        }
    }

    /// A pooled connection that had died is replaced without anybody noticing: closed while idle.
    @Test(arguments: End.allCases)
    func whilePooled(end: End) async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.respond(body: "x")
            end.happens(to: connection)
        }
        try await withClient { client in
            for count in 1...5 {
                let request = TransferRequest(url: server.url(), body: [1, 2, 3], timeouts: patient)
                let response = try await client.fetch(request, bodyLimit: 1)
                #expect(response.body == [0x78])
                #expect(server.accepted.count == count)
            }
            #expect(client.statistics.failed == 0)
        }
    }

    /// The race: the server closes when it has the second request, without an answer.
    @Test(arguments: End.allCases)
    func whenUsedAgain(end: End) async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.respond(body: "x")
            guard try connection.readRequest() != nil else { return }
            end.happens(to: connection)
        }
        try await withClient { client in
            let body = Pattern.bytes(200_000)
            let request = TransferRequest(url: server.url(), body: body, timeouts: patient)
            _ = try await client.fetch(request, bodyLimit: 1)
            let response = try await client.fetch(request, bodyLimit: 1)
            #expect(response.body == [0x78])
            #expect(server.accepted.count == 2)
            #expect(server.accepted.last?.requests.first?.body == body)
        }
    }

    /// The same, but something of the answer had come: that is for the caller to decide.
    @Test func whenUsedAgainAndHalfAnswered() async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.respond(body: "x")
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
        }
        try await withClient { client in
            _ = try await client.fetch(get(server.url()), bodyLimit: 1)
            let failure = await failure { () throws(TransferFailure) in
                try await client.fetch(get(server.url()), bodyLimit: 10)
            }
            #expect(failure?.kind == .connectionLost && failure?.isRetryable == false)
            #expect(server.accepted.count == 1)
        }
    }

    @Test func notHTTPAtAll() async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("SSH-2.0-OpenSSH_9.2\r\n")
        }
        try await withClient { client in
            let failure = await failure { () throws(TransferFailure) in try await client.stream(get(server.url())) }
            #expect(failure?.kind == .protocolError)
            #expect(failure?.isRetryable == false)
        }
    }
}
