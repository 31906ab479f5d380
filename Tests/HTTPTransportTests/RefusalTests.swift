// What is refused before it is sent, what nobody listens to, and answers that are too long.

import HTTPTransport
import Testing

@Suite struct RefusalTests {
    @Test(arguments: [
        "", "nonsense", "/relative", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http:///x", "http://user@/",
        "http://?x",
        "http://127.0.0.1:99999/", "http://127.0.0.1:port/", "http://127.0.0.1/a b", "http://127.0.0.1/\0x",
        "http://[::1/", "http://127.0.0.1/\r\nX: y",
    ])
    func badURLs(url: String) async throws {
        try await withClient { client in
            for isWhole in [true, false] {
                let failure = await failure { () throws(TransferFailure) in
                    if isWhole {
                        _ = try await client.fetch(get(url), bodyLimit: 1)
                    } else {
                        _ = try await client.stream(get(url))
                    }
                }
                #expect(failure?.kind == .invalidURL, "\(url.debugDescription): \(String(describing: failure))")
                #expect(failure?.isRetryable == false)
            }
        }
    }

    @Test func headersAndMethodsThatWouldBecomeSomethingElse() async throws {
        let server = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient { client in
            let bad: [HeaderLines] = [
                ["X": "a\r\nY: b"], ["X": "a\nb"], ["X": "a\0b"], ["": "a"], ["X Y": "a"], ["X:": "a"], ["X\r\n": "a"],
            ]
            for headers in bad {
                var request = get(server.url())
                request.headers = headers
                let failure = await failure { () throws(TransferFailure) in
                    try await client.fetch(request, bodyLimit: 1)
                }
                #expect(failure?.kind == .invalidRequest)
                #expect(failure?.message.contains("b") == false || failure?.message.contains("a\r") == false)
            }
            var request = get(server.url())
            request.method = "GET / HTTP/1.1\r\nX:"
            let failure = await failure { () throws(TransferFailure) in try await client.fetch(request, bodyLimit: 1) }
            #expect(failure?.kind == .invalidRequest)
            #expect(server.accepted.isEmpty)
        }
    }

    /// Lengths and framing are the transport's business: a second opinion would be request smuggling.
    @Test func framingHeadersAreLeftOut() async throws {
        let server = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient { client in
            var request = TransferRequest(url: server.url(), body: [1, 2, 3], timeouts: patient)
            request.headers = ["Content-Length": "1", "transfer-encoding": "chunked", "Expect": "100-continue"]
            _ = try await client.fetch(request, bodyLimit: 1)
            let seen = try #require(server.accepted.first?.requests.first)
            #expect(seen.header("content-length") == "3")
            #expect(seen.header("transfer-encoding") == nil && seen.header("expect") == nil)
            #expect(seen.body == [1, 2, 3])
        }
    }

    @Test func aRefusedPort() async throws {
        var server: RawServer? = try RawServer { _ in }
        let url = try #require(server?.url("/path?key=abc")).replacing("//", with: "//user:password@")
        server = nil
        try await withClient { client in
            let failure = await failure { () throws(TransferFailure) in try await client.stream(get(url)) }
            #expect(failure?.kind == .couldNotConnect)
            #expect(failure?.isRetryable == true)
            for secret in ["password", "user", "path", "abc"] {
                #expect(failure?.message.contains(secret) == false)
            }
            #expect(failure?.message.contains("127.0.0.1") == true)
        }
    }

    /// Numbers in every form lead to the same check as what a name resolves to: that of the address.
    @Test(arguments: [
        "169.254.169.254", "2852039166", "0xa9fea9fe", "[fe80::1]", "[::ffff:169.254.1.1]", "[fd00:ec2::254]",
    ])
    func linkLocalAddresses(host: String) async throws {
        try await withClient { client in
            for isWhole in [true, false] {
                var request = get("http://\(host)/latest/meta-data?key=abc")
                request.refusesLinkLocal = true
                let failure = await failure { [request] () throws(TransferFailure) in
                    if isWhole {
                        _ = try await client.fetch(request, bodyLimit: 1)
                    } else {
                        _ = try await client.stream(request)
                    }
                }
                #expect(failure?.kind == .invalidURL, "\(host): \(String(describing: failure))")
                #expect(failure?.message.contains("link-local") == true)
                #expect(failure?.message.contains("abc") == false && failure?.isRetryable == false)
            }
        }
    }

    @Test func loopbackIsNotLinkLocal() async throws {
        let server = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient { client in
            var request = get(server.url())
            request.refusesLinkLocal = true
            for _ in 0..<3 {
                let answer = try await client.fetch(request, bodyLimit: 1)
                #expect(answer.status == 200)
                // The check costs no connection of its own.
                #expect(client.statistics.connections == 1)
            }
        }
    }

    @Test func linkLocalLiterals() {
        for host in [
            "169.254.0.1", "169.254.169.254.", "169.254.43518", "0251.0376.0251.0376", "fe80::1", "febf::1",
            "::ffff:a9fe:a9fe", "::169.254.1.1", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1", "fd00:ec2::254",
        ] {
            #expect(LinkLocal.isLiteral(host), "\(host)")
        }
        for host in [
            "127.0.0.1", "10.0.0.1", "192.168.169.254", "169.253.1.1", "::1", "fec0::1", "fd00::1", "example.com",
            "169.254.169.254.example.com", "", "2001:db8::a9fe:a9fe",
        ] {
            #expect(!LinkLocal.isLiteral(host), "\(host)")
        }
    }

    @Test func aNameThatIsNone() async throws {
        try await withClient { client in
            // ".invalid" is never a name (RFC 6761).
            let request = get("http://nobody.invalid/")
            let failure = await failure { () throws(TransferFailure) in try await client.stream(request) }
            #expect(failure?.kind == .couldNotResolve)
            #expect(failure?.isRetryable == true)
        }
    }

    @Test(arguments: [true, false])
    func aFloodOfHeaders(isOneLine: Bool) async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\n")
            if isOneLine { try connection.send("X-Long: ") }
            let piece = isOneLine ? String(repeating: "x", count: 1_000) : "X-Flood: 1\r\n"
            while !connection.waitForClose(.zero) { try connection.send(String(repeating: piece, count: 10)) }
        }
        try await withClient { client in
            let failure = await failure { () throws(TransferFailure) in try await client.stream(get(server.url())) }
            #expect(failure?.kind == .responseTooLarge)
            #expect(failure?.isRetryable == false)
        }
    }

    @Test func aFloodOfInterimResponses() async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            while true { try connection.send("HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n") }
        }
        try await withClient { client in
            let failure = await failure { () throws(TransferFailure) in try await client.stream(get(server.url())) }
            #expect(failure?.kind == .responseTooLarge)
        }
    }

    @Test func bodiesBeyondTheLimit() async throws {
        let server = try RawServer { connection in
            while let request = try connection.readRequest() {
                let count = request.line.contains("/exact") ? 1_000 : 1_001
                try connection.respond(body: String(repeating: "x", count: count))
            }
        }
        try await withClient { client in
            let exact = try await client.fetch(get(server.url("/exact")), bodyLimit: 1_000)
            #expect(exact.body.count == 1_000)
            let whole = await failure { () throws(TransferFailure) in
                try await client.fetch(get(server.url()), bodyLimit: 1_000)
            }
            #expect(whole?.kind == .responseTooLarge && whole?.isRetryable == false)
            let response = try await client.stream(get(server.url()))
            let collected = await failure { () throws(TransferFailure) in try await response.collect(limit: 1_000) }
            #expect(collected?.kind == .responseTooLarge)
            #expect(try await client.stream(get(server.url("/exact"))).collect(limit: 1_000).count == 1_000)
        }
    }
}
