// Each time limit by itself, and what its failure says.

import HTTPTransport
import Testing

@Suite struct TimeoutTests {
    private func limits(_ change: (inout TransferTimeouts) -> Void) -> TransferTimeouts {
        var timeouts = patient
        change(&timeouts)
        return timeouts
    }

    /// The failure of a request that `serve` answers, and how long it took.
    private func outcome(
        _ timeouts: TransferTimeouts,
        scheme: String = "http",
        _ serve: @escaping @Sendable (RawConnection) throws -> Void
    ) async throws -> (stream: TransferFailure?, fetch: TransferFailure?, longest: Duration) {
        let server = try RawServer(handler: serve)
        return try await withClient { client in
            let request = get("\(scheme)://127.0.0.1:\(server.port)/secret?key=abc", timeouts: timeouts)
            let start = ContinuousClock.now
            let stream = await failure { () throws(TransferFailure) in
                _ = try await client.stream(request).collect(limit: .max)
            }
            let middle = ContinuousClock.now
            let fetch = await failure { () throws(TransferFailure) in
                _ = try await client.fetch(request, bodyLimit: .max)
            }
            for failure in [stream, fetch] {
                #expect(failure?.message.contains("http") == true)
                #expect(failure?.message.contains("secret") == false && failure?.message.contains("abc") == false)
            }
            #expect(client.statistics.failed == 2 && client.statistics.active == 0)
            return (stream, fetch, max(middle - start, ContinuousClock.now - middle))
        }
    }

    @Test func connect() async throws {
        // Accepts, and never answers the TLS greeting.
        let result = try await outcome(limits { $0.connect = .milliseconds(100) }, scheme: "https") {
            $0.waitForClose()
        }
        #expect(result.stream?.kind == .connectTimeout && result.fetch?.kind == .connectTimeout)
        #expect(result.stream?.isRetryable == true)
        #expect(result.longest >= .milliseconds(99))
    }

    @Test func firstByte() async throws {
        let result = try await outcome(limits { $0.firstByte = .milliseconds(100) }) { connection in
            _ = try connection.readRequest()
            connection.waitForClose()
        }
        #expect(result.stream?.kind == .firstByteTimeout && result.fetch?.kind == .firstByteTimeout)
        #expect(result.stream?.isRetryable == true)
        #expect(result.longest >= .milliseconds(99))
    }

    @Test func interimResponsesDoNotCountAsFirstByte() async throws {
        // On a machine that is so busy that the limit passes before the interim response, a longer one is tried.
        for limit in [Duration.milliseconds(700), .seconds(3), .seconds(12)] {
            let result = try await outcome(limits { $0.firstByte = limit }) { connection in
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
                connection.waitForClose()
            }
            #expect(result.stream?.kind == .firstByteTimeout)
            if result.stream?.isRetryable == false { return }
        }
        Issue.record("retryable, though the server had begun to answer")
    }

    @Test func idleMidway() async throws {
        // Shorter than the limit before it: the earlier moment has to be noticed.
        let result = try await outcome(limits { $0.idle = .milliseconds(100) }) { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            connection.waitForClose()
        }
        #expect(result.stream?.kind == .idleTimeout && result.fetch?.kind == .idleTimeout)
        #expect(result.stream?.isRetryable == false)
        #expect(result.longest >= .milliseconds(99))
    }

    @Test func total() async throws {
        let result = try await outcome(limits { $0.total = .milliseconds(200) }) { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while !connection.waitForClose(.milliseconds(10)) { try connection.sendChunk([65]) }
        }
        #expect(result.stream?.kind == .totalTimeout && result.fetch?.kind == .totalTimeout)
        #expect(result.longest >= .milliseconds(199))
    }

    /// 20 pieces, each well within the limit, together well beyond it. On a machine that is so busy that one comes too late,
    /// a longer limit is tried.
    @Test func piecesMoveTheIdleLimit() async throws {
        for idle in [Duration.milliseconds(500), .seconds(2), .seconds(10)] {
            if try await comesWhole(in: 20, every: idle / 10, idle: idle) { return }
        }
        Issue.record("the idle limit ran on while pieces came")
    }

    private func comesWhole(in count: Int, every pause: Duration, idle: Duration) async throws -> Bool {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<count {
                try connection.sendChunk([65])
                if connection.waitForClose(pause) { return }
            }
            try connection.send("0\r\n\r\n")
        }
        return try await withClient { client in
            do {
                let request = get(server.url(), timeouts: limits { $0.idle = idle })
                return try await client.stream(request).collect(limit: 100).count == count
            } catch let failure as TransferFailure where failure.kind == .idleTimeout {
                return false
            }
        }
    }

    @Test func aSilentResolverOrPeerDoesNotHoldUpOthers() async throws {
        let silent = try RawServer { $0.waitForClose() }
        let quick = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient { client in
            let held = Task { try await client.fetch(get("https://127.0.0.1:\(silent.port)/"), bodyLimit: 1) }
            #expect(try await eventually { client.statistics.active == 1 && silent.accepted.count == 1 })
            for _ in 0..<10 { _ = try await client.fetch(get(quick.url()), bodyLimit: 1) }
            held.cancel()
            await #expect(throws: TransferFailure.self) { try await held.value }
        }
    }
}
