// One easy handle, used again and again: of the request before nothing may be seen in the next one.

import HTTPTransport
import Testing

@Suite struct KeptOptionsTests {
    /// All transfers by the same handle, so that what one leaves behind meets the next.
    private static let one = HTTPClientConfiguration(threads: 1, maximumIdleHandles: 1, userAgent: "one")

    /// A kind of request.
    private struct Kind: Sendable {
        var method = "POST"
        var headers: [(String, String)] = []
        var body: [UInt8]?
        var isStreamed = false
        var change: @Sendable (inout TransferRequest) -> Void = { _ in }
    }

    private static let json = [("Content-Type", "application/json"), ("Authorization", "Bearer one")]
    private static let kinds = [
        "full": Kind(headers: json, body: Array("{\"a\":1}".utf8)),
        "more headers": Kind(headers: json + [("X-More", "1"), ("X-Blank", "")], body: Array("more".utf8)),
        "fewer headers": Kind(headers: [("X-Few", "1")], body: Array("fewer".utf8)),
        "other headers": Kind(
            headers: [("Content-Type", "text/plain"), ("X-Key", "Bearer two")],
            body: Array(repeating: 0x61, count: 100_000)
        ),
        "own names of fields": Kind(headers: [("User-Agent", "mine"), ("Accept", "text/x")], body: Array("own".utf8)),
        "empty body": Kind(headers: json, body: []), "no body": Kind(headers: json),
        "streamed": Kind(headers: json, body: Array("streamed".utf8), isStreamed: true),
        "on a connection of its own": Kind(headers: json, body: Array("once".utf8)) { $0.isSentOnce = true },
        "as HTTP/2": Kind(headers: json, body: Array("two".utf8)) { $0.version = .http2WhenWhole },
        "to no link-local address": Kind(headers: json, body: Array("far".utf8)) { $0.refusesLinkLocal = true },
        "unchecked": Kind(headers: json, body: Array("unchecked".utf8)) { $0.verifyTLS = false },
        "GET": Kind(method: "GET", headers: [("X-Get", "1")]), "streamed GET": Kind(method: "GET", isStreamed: true),
        "GET with a body": Kind(method: "GET", body: Array("odd".utf8)), "HEAD": Kind(method: "HEAD"),
        "PATCH": Kind(method: "PATCH", headers: json, body: Array("patch".utf8)), "PUT": Kind(method: "PUT"),
        "DELETE": Kind(method: "DELETE"),
    ]

    private func answering() throws -> RawServer {
        try RawServer { connection in
            while let request = try connection.readRequest() {
                if request.line.hasPrefix("HEAD") {
                    try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                } else {
                    try connection.respond(body: "fine!")
                }
            }
        }
    }

    /// Sends a request, and looks at every byte of it that the server saw.
    private func send(
        _ kind: Kind,
        to path: String,
        by client: HTTPClient,
        _ server: RawServer,
        _ comment: Comment? = nil
    ) async throws {
        var request = TransferRequest(
            method: kind.method,
            url: server.url(path),
            headers: HeaderLines(HTTPHeaders(kind.headers.map { (name: $0.0, value: $0.1) })),
            body: kind.body,
            timeouts: patient
        )
        kind.change(&request)
        let answer =
            kind.isStreamed
            ? try await client.stream(request).collect(limit: 5) : try await client.fetch(request, bodyLimit: 5).body
        #expect(answer == (kind.method == "HEAD" ? [] : Array("fine!".utf8)), comment)
        let line = "\(kind.method) \(path) HTTP/1.1"
        let all = server.accepted.flatMap(\.requests).filter { $0.line == line }
        let seen = try #require(all.count == 1 ? all.first : nil, comment)
        #expect(seen.body == kind.body ?? [], comment)
        var fields = kind.headers
        for (name, value) in [("User-Agent", "one"), ("Accept", "*/*")] where !fields.contains(where: { $0.0 == name })
        {
            fields.append((name, value))
        }
        fields.append(("Host", "127.0.0.1:\(server.port)"))
        // A body that is none has a length, too, where one is expected (RFC 9110 section 8.6).
        if kind.body != nil || ["POST", "PUT", "PATCH"].contains(kind.method) {
            fields.append(("Content-Length", "\(kind.body?.count ?? 0)"))
        }
        let lines = seen.head.utf8.split(separator: 0x0A).dropFirst().map { $0.filter { $0 != 0x0D } }
        let wanted = fields.map { Array("\($0.0):\($0.1.isEmpty ? "" : " ")\($0.1)".utf8) }
        #expect(Set(lines.filter { !$0.isEmpty }) == Set(wanted), comment)
        #expect(lines.count == wanted.count + 1, comment)
    }

    /// Every kind behind every other, and behind itself.
    @Test func nothingOfARequestIsSeenInTheNextOne() async throws {
        let server = try answering()
        try await withClient(Self.one) { client in
            var number = 0
            for (first, before) in Self.kinds {
                for (second, after) in Self.kinds {
                    for kind in [before, after] {
                        number += 1
                        try await send(kind, to: "/\(number)", by: client, server, "\(second) behind \(first)")
                        #expect(client.statistics.pooled == 1)
                    }
                }
            }
        }
    }

    /// libcurl would ask before it sends a body of more than a MiB, and wait a second for an answer that few servers give.
    @Test func aLargeBodyIsSentUnasked() async throws {
        let server = try answering()
        try await withClient(Self.one) { client in
            for (number, size) in [100, 2 << 20, 100].enumerated() {
                let kind = Kind(headers: Self.json, body: Array(repeating: 0x61, count: size))
                try await send(kind, to: "/\(number)", by: client, server)
            }
        }
    }

    /// Two texts that look the same, and are equal to Swift.
    @Test func valuesThatAreEqualAsTextAreSentByteByByte() async throws {
        let server = try answering()
        try await withClient(Self.one) { client in
            for (number, value) in ["\u{e9}", "e\u{301}", "\u{e9}"].enumerated() {
                let kind = Kind(headers: [("X-Name", value)], body: Array("x".utf8))
                try await send(kind, to: "/\(number)", by: client, server)
            }
        }
    }

    @Test(arguments: [false, true]) func aCancelledRequestLeavesNothing(_ isStreamed: Bool) async throws {
        let server = try RawServer { connection in
            while let request = try connection.readRequest() {
                if request.line.contains("/hang") {
                    if isStreamed { try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") }
                    connection.waitForClose()
                    return
                }
                try connection.respond(body: "fine!")
            }
        }
        try await withClient(Self.one) { client in
            for number in 1...3 {
                try await send(
                    Kind(headers: Self.json, body: Array("before".utf8)),
                    to: "/\(number)/a",
                    by: client,
                    server
                )
                var hanging = TransferRequest(url: server.url("/hang/\(number)"), body: [1, 2, 3], timeouts: patient)
                hanging.headers = ["X-Hang": "1", "X-Left": "behind", "X-Third": ""]
                let task = Task { [hanging] in
                    if isStreamed {
                        _ = try await client.stream(hanging).collect(limit: 100)
                    } else {
                        _ = try await client.fetch(hanging, bodyLimit: 100)
                    }
                }
                let hasCome = try await eventually {
                    server.accepted.flatMap(\.requests).contains { $0.line.contains("/hang/\(number)") }
                }
                #expect(hasCome)
                task.cancel()
                await #expect(throws: TransferFailure.self) { try await task.value }
                #expect(try await eventually { client.statistics.pooled == 1 })
                try await send(
                    Kind(headers: [("X-Next", "1")], body: Array("after".utf8)),
                    to: "/\(number)/b",
                    by: client,
                    server
                )
            }
        }
    }

    /// Connections that end with their answers: each request opens one, and asks whether it may.
    @Test func whatIsRefusedToOneRequestIsNotToTheNext() async throws {
        let server = try RawServer { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.respond(headers: "Connection: close\r\n", body: "fine!")
        }
        try await withClient(Self.one) { client in
            for number in 1...6 {
                let refuses = number % 3 != 0
                let kind = Kind(body: Array("x".utf8)) { $0.refusesLinkLocal = refuses }
                try await send(kind, to: "/\(number)", by: client, server)
                guard number > 3 else { continue }
                var inner = TransferRequest(url: "http://169.254.169.254/", body: Array("x".utf8), timeouts: patient)
                inner.refusesLinkLocal = true
                let failure = await failure { [inner] () throws(TransferFailure) in
                    try await client.fetch(inner, bodyLimit: 1)
                }
                #expect(failure?.kind == .invalidURL)
            }
        }
    }

    @Test(.enabled(if: TLSServer.canPost, "needs openssl and python3"))
    func trustIsEachRequestsOwn() async throws {
        let server = try TLSServer(answer: "fine!")
        let stranger = try TLSServer(files: [:])
        try await withClient(Self.one) { client in
            func isTrusted(by caFile: String?, verify: Bool = true, _ body: String) async -> Bool {
                let request = TransferRequest(
                    url: "https://127.0.0.1:\(server.port)/",
                    headers: ["Content-Type": "text/plain"],
                    body: Array(body.utf8),
                    timeouts: patient,
                    verifyTLS: verify,
                    caFile: caFile
                )
                do {
                    let answer = try await client.fetch(request, bodyLimit: 5)
                    #expect(answer.body == Array("fine!".utf8))
                    return true
                } catch {
                    #expect(error.kind == .tls)
                    return false
                }
            }
            #expect(await isTrusted(by: nil, verify: false, "1"))
            #expect(await isTrusted(by: nil, "2") == false)
            #expect(await isTrusted(by: server.caFile, "3"))
            #expect(await isTrusted(by: server.caFile, "4"))
            #expect(await isTrusted(by: stranger.caFile, "5") == false)
            #expect(await isTrusted(by: server.caFile, "6"))
            #expect(await isTrusted(by: nil, "7") == false)
            #expect(await isTrusted(by: stranger.caFile, verify: false, "8"))
            #expect(await isTrusted(by: stranger.caFile, "9") == false)
        }
        // Who was not trusted has seen nothing.
        #expect(server.posted == ["1", "3", "4", "6", "8"])
    }
}
