// Whole answers: what is sent, what comes back, connections used again.

import Glibc
import HTTPTransport
import Testing

@Suite struct WholeAnswerTests {
    @Test func aRequestArrivesAsItWasMeant() async throws {
        let server = try RawServer { connection in
            while let request = try connection.readRequest() {
                try connection.respond(headers: "X-Line: a\r\nx-line: b\r\n", body: "got \(request.body.count)")
            }
        }
        try await withClient(.init(threads: 1, userAgent: "OpsGate/9.9")) { client in
            var request = TransferRequest(url: server.url("/v1/chat?x=1"), timeouts: patient)
            request.headers = ["Authorization": "Bearer k", "Content-Type": "application/json", "X-Empty": ""]
            request.body = Array("{\"a\":\"\0ü\"}".utf8)
            let response = try await client.fetch(request, bodyLimit: 100)
            #expect(response.status == 200)
            #expect(response.headers["X-LINE"] == "a")
            #expect(response.headers.values("x-line") == ["a", "b"])
            #expect(String(decoding: response.body, as: UTF8.self) == "got 11")
            let seen = try #require(server.accepted.first?.requests.first)
            #expect(seen.line == "POST /v1/chat?x=1 HTTP/1.1")
            #expect(seen.body == request.body)
            #expect(seen.header("authorization") == "Bearer k")
            #expect(seen.header("content-type") == "application/json")
            #expect(seen.header("x-empty") == "")
            #expect(seen.header("user-agent") == "OpsGate/9.9")
            #expect(seen.header("expect") == nil)
            #expect(seen.header("accept-encoding") == nil)
        }
    }

    @Test(arguments: ["GET", "DELETE", "OPTIONS", "POST", "PUT", "PATCH", "HEAD"])
    func methodsWithAndWithoutBody(method: String) async throws {
        let server = try RawServer { connection in
            while let request = try connection.readRequest() {
                if request.line.hasPrefix("HEAD") {
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                } else {
                    try connection.respond(body: "fine!")
                }
            }
        }
        try await withClient { client in
            for body in [nil, [], Array("abc".utf8)] as [[UInt8]?] where method != "HEAD" || body == nil {
                let request = TransferRequest(method: method, url: server.url(), body: body, timeouts: patient)
                let response = try await client.fetch(request, bodyLimit: 100)
                #expect(response.body.count == (method == "HEAD" ? 0 : 5))
                let seen = try #require(server.accepted.first?.requests.last)
                #expect(seen.line == "\(method) / HTTP/1.1")
                #expect(seen.body == body ?? [])
                #expect(seen.header("content-type") == nil)
            }
            #expect(server.accepted.count == 1)
        }
    }

    @Test func aLargeBodyIsSentWithoutAskingFirst() async throws {
        let server = try RawServer { connection in
            while let request = try connection.readRequest() {
                let isSame = Pattern.matches(request.body, at: 0)
                try connection.respond(body: "\(request.body.count) \(isSame) \(request.header("expect") ?? "none")")
            }
        }
        try await withClient { client in
            let body = Pattern.bytes(5_000_000)
            let request = TransferRequest(url: server.url(), body: body, timeouts: patient)
            let response = try await client.fetch(request, bodyLimit: 100)
            #expect(String(decoding: response.body, as: UTF8.self) == "5000000 true none")
        }
    }

    @Test func connectionsAreUsedAgain() async throws {
        let server = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient { client in
            for _ in 0..<50 { _ = try await client.fetch(get(server.url()), bodyLimit: 10) }
            #expect(server.accepted.count == 1)
            let whole = client.statistics
            #expect(whole.connectionsOpened == 1)
            #expect(whole.started == 50 && whole.finished == 50 && whole.active == 0 && whole.failed == 0)
            // A stream that was read to its end gives its connection back too.
            let response = try await client.stream(get(server.url()))
            #expect(try await response.collect(limit: 10) == Array("x".utf8))
            _ = try await client.fetch(get(server.url()), bodyLimit: 10)
            #expect(server.accepted.count == 1)
        }
    }

    /// A program that is started meanwhile must not hold a copy of a connection.
    @Test func connectionsAreNotInherited() async throws {
        let server = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient { client in
            _ = try await client.fetch(get(server.url()), bodyLimit: 10)
            let ours = (3..<4_096 as Range<Int32>).filter { peerPort($0) == server.port }
            #expect(ours.count == 1)
            #expect(ours.allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
        }
    }

    private func peerPort(_ descriptor: Int32) -> Int? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
        }
        return code == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    @Test func errorsAndRedirectsAreAnswersLikeOthers() async throws {
        let server = try RawServer { connection in
            for status in [404, 500, 302] {
                _ = try connection.readRequest()
                try connection.respond(status, headers: "Location: http://127.0.0.1:1/\r\n", body: "status \(status)")
            }
        }
        try await withClient { client in
            for status in [404, 500, 302] {
                let response = try await client.fetch(get(server.url()), bodyLimit: 100)
                #expect(response.status == status)
                #expect(String(decoding: response.body, as: UTF8.self) == "status \(status)")
            }
        }
    }

    @Test func interimResponsesAreNotTheAnswer() async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            try connection.respond(201, headers: "X-Late: 1\r\n", body: "ok")
        }
        try await withClient { client in
            let response = try await client.fetch(get(server.url()), bodyLimit: 100)
            #expect(response.status == 201)
            #expect(response.headers["x-early"] == nil)
            #expect(response.headers["x-late"] == "1")
        }
    }

    @Test func bodiesWithoutALengthEndWithTheConnection() async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.0 200 OK\r\n\r\nall of it")
        }
        try await withClient { client in
            let response = try await client.fetch(get(server.url()), bodyLimit: 100)
            #expect(String(decoding: response.body, as: UTF8.self) == "all of it")
        }
    }

    @Test func threadsShareNothingButTheClient() async throws {
        let servers = try (0..<6).map { _ in
            try RawServer { connection in
                while try connection.readRequest() != nil { try connection.respond(body: "x") }
            }
        }
        try await withClient(.init(threads: 3)) { client in
            for _ in 0..<4 {
                for server in servers { _ = try await client.fetch(get(server.url()), bodyLimit: 10) }
            }
            #expect(servers.allSatisfy { $0.accepted.count == 1 })
            #expect(client.statistics.finished == 24)
        }
    }
}
