// A reader that is slower than the server: bounded memory, nothing lost, nothing idle-timed.

import Glibc
import HTTPTransport
import Testing

@Suite struct BackPressureTests {
    /// Serves `total` bytes of a pattern with its length and says how far it has come.
    private func patternServer(total: Int, sent: Counter64) throws -> RawServer {
        // Made now: it takes its time, and the clock runs once the head is sent.
        let pattern = Pattern.twice
        return try RawServer { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            while sent.value < total {
                let start = sent.value % Pattern.period
                let count = min(Pattern.period, total - sent.value)
                try connection.send(Array(pattern[start..<(start + count)]))
                sent.add(count)
            }
            connection.waitForClose()
        }
    }

    private struct Reading {
        var received = 0
        var largest = 0
        var furthestAhead = 0
    }

    /// Reads everything; until `slowUntil` bytes only when the transfer has been paused.
    private func readSlowly(
        _ response: TransferResponse,
        _ client: HTTPClient,
        _ sent: Counter64,
        slowUntil: Int
    ) async throws -> Reading {
        var reading = Reading()
        var pauses = client.statistics.pauses
        while let batch = try await response.nextBatch() {
            #expect(Pattern.matches(batch, at: reading.received))
            reading.received += batch.count
            reading.largest = max(reading.largest, batch.count)
            reading.furthestAhead = max(reading.furthestAhead, sent.value - reading.received)
            if reading.received < slowUntil {
                #expect(try await hasPaused(client, after: pauses))
                pauses += 1
            }
        }
        return reading
    }

    private func hasPaused(_ client: HTTPClient, after pauses: Int) async throws -> Bool {
        try await eventually { client.statistics.pauses > pauses }
    }

    @Test func twoHundredMegabytesToASlowReader() async throws {
        let total = 200_000_000
        let mark = 1 << 20
        let sent = Counter64()
        let server = try patternServer(total: total, sent: sent)
        try await withClient(.init(threads: 1, highWaterMark: mark)) { client in
            let response = try await client.stream(get(server.url()))
            #expect(try await eventually { client.statistics.pauses == 1 })
            let reading = try await readSlowly(response, client, sent, slowUntil: 20 * mark)
            #expect(reading.received == total)
            // Besides the mark: what one turn of the loop reads, and what libcurl holds back.
            #expect(reading.largest <= mark + 128 << 10)
            // Besides that: the kernel's buffers of both sides, which may grow to some 40 MB.
            #expect(reading.furthestAhead <= mark + 48 << 20)
            #expect(client.statistics.pauses >= 10)
            #expect(client.statistics.finished == 1)
        }
    }

    /// On a machine that is so busy that the limit passes before the pause, a longer one is tried.
    @Test func aPausedTransferDoesNotIdleOut() async throws {
        for idle in [Duration.milliseconds(400), .seconds(2), .seconds(10)] {
            if try await outlivesAPause(idle: idle) { return }
        }
        Issue.record("the idle limit ran on while the reader was behind")
    }

    private func outlivesAPause(idle: Duration) async throws -> Bool {
        let sent = Counter64()
        let server = try patternServer(total: 30_000_000, sent: sent)
        var timeouts = patient
        timeouts.idle = idle
        return try await withClient(.init(threads: 1, highWaterMark: 64 << 10)) { client in
            do {
                let response = try await client.stream(get(server.url(), timeouts: timeouts))
                let isPaused = try await eventually { client.statistics.pauses == 1 || client.statistics.failed > 0 }
                guard isPaused else { return false }
                let wakeUps = client.statistics.wakeUps
                let start = ContinuousClock.now
                _ = try await eventually { ContinuousClock.now - start > idle * 2 }
                guard client.statistics.failed == 0 else { return false }
                #expect(client.statistics.active == 1)
                // It waits; it does not spin.
                #expect(client.statistics.wakeUps - wakeUps < 50)
                // What comes after the pause comes from a server that may be slow, too.
                return Pattern.matches(try await response.collect(limit: .max), at: 0)
            } catch let failure as TransferFailure where failure.kind == .idleTimeout {
                return false
            }
        }
    }

    /// A client that stops reading for longer than the total limit gets all the same what the server has for it. On a
    /// machine that is so busy that the limit passes before the pause, a longer one is tried.
    @Test func aSlowReaderIsNotTheServersDelay() async throws {
        for total in [Duration.seconds(1), .seconds(4), .seconds(16)] {
            if try await getsAllAfterAPause(of: total) { return }
        }
        Issue.record("the total limit ran on while the reader was behind")
    }

    private func getsAllAfterAPause(of total: Duration) async throws -> Bool {
        let sent = Counter64()
        let server = try patternServer(total: 3_000_000, sent: sent)
        var timeouts = patient
        timeouts.total = total
        return try await withClient(.init(threads: 1, highWaterMark: 64 << 10)) { client in
            do {
                let response = try await client.stream(get(server.url(), timeouts: timeouts))
                let isPaused = try await eventually { client.statistics.pauses == 1 || client.statistics.failed > 0 }
                guard isPaused else { return false }
                let start = ContinuousClock.now
                _ = try await eventually { ContinuousClock.now - start > total }
                return Pattern.matches(try await response.collect(limit: .max), at: 0)
            } catch let failure as TransferFailure where failure.kind == .totalTimeout {
                return false
            }
        }
    }

    @Test func theTotalLimitHoldsForPausedOnesToo() async throws {
        let sent = Counter64()
        let server = try patternServer(total: 30_000_000, sent: sent)
        var timeouts = patient
        timeouts.total = .milliseconds(100)
        try await withClient(.init(threads: 1, highWaterMark: 64 << 10)) { client in
            let request = get(server.url(), timeouts: timeouts)
            let failure = await failure { () throws(TransferFailure) in
                let response = try await client.stream(request)
                while client.statistics.failed == 0 { await Task.yield() }
                while let batch = try await response.nextBatch() { #expect(!batch.isEmpty) }
            }
            #expect(failure?.kind == .totalTimeout)
        }
    }

    @Test func manyPausedStreamsDoNotHoldUpOthers() async throws {
        let sent = Counter64()
        let slow = try patternServer(total: .max, sent: sent)
        let quick = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient(.init(threads: 1, highWaterMark: 64 << 10)) { client in
            var held: [TransferResponse] = []
            for _ in 0..<20 { held.append(try await client.stream(get(slow.url()))) }
            #expect(try await eventually { client.statistics.pauses == 20 })
            for _ in 0..<20 { _ = try await client.fetch(get(quick.url()), bodyLimit: 10) }
            #expect(client.statistics.active == 20)
            for response in held { response.cancel() }
            #expect(try await eventually { client.statistics.active == 0 })
        }
    }
}

/// Bytes whose place can be told, cheap to compare in bulk.
enum Pattern {
    static let period = 65_521
    static let twice: [UInt8] = {
        var random = SplitMix(state: 1)
        let once = (0..<period).map { _ in UInt8.random(in: 0...255, using: &random) }
        return once + once
    }()

    static func matches(_ bytes: [UInt8], at offset: Int) -> Bool {
        var done = 0
        while done < bytes.count {
            let start = (offset + done) % period
            let count = min(period, bytes.count - done)
            let isSame = bytes[done...].withUnsafeBytes { left in
                twice[start...].withUnsafeBytes { right in
                    guard let left = left.baseAddress, let right = right.baseAddress else { return false }
                    return memcmp(left, right, count) == 0
                }
            }
            guard isSame else { return false }
            done += count
        }
        return true
    }

    /// `count` bytes from the pattern's beginning.
    static func bytes(_ count: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        while result.count < count { result += twice[..<min(period, count - result.count)] }
        return result
    }
}
