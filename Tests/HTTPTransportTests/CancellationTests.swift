// Giving up in every phase and every way: the server sees the close, everything is given back once.

import HTTPTransport
import Testing

@Suite(.serialized) struct CancellationTests {
    enum Phase: CaseIterable {
        case connecting, beforeFirstByte, midway, paused
    }

    enum Way: CaseIterable {
        case taskCancelled, cancelCalled, dropped
    }

    /// A server that gets a transfer into the phase and then waits for the other side's close.
    private func server(_ phase: Phase, asked: Gate) throws -> RawServer {
        try RawServer { connection in
            if phase == .connecting {
                // The TLS greeting arrives and stays without an answer.
                _ = try connection.read(1_000)
                asked.open()
                _ = connection.waitForClose()
                return
            }
            guard try connection.readRequest() != nil else { return }
            asked.open()
            if phase != .beforeFirstByte {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nabc")
            }
            if phase == .paused { try connection.send(Pattern.bytes(80_000)) }
            connection.waitForClose()
        }
    }

    /// Gets a transfer into the phase, gives it up in one way and waits until the server sees the close.
    private func giveUp(_ phase: Phase, _ way: Way, isWhole: Bool) async throws {
        let asked = Gate()
        let server = try server(phase, asked: asked)
        // No limit ends it before this test gives up: what is seen to close has been closed for the giving up.
        let hour = Duration.seconds(3600)
        let endless = TransferTimeouts(connect: hour, firstByte: hour, idle: hour, total: hour)
        try await withClient(.init(threads: 1, highWaterMark: 32 << 10)) { client in
            let scheme = phase == .connecting ? "https" : "http"
            let request = get("\(scheme)://127.0.0.1:\(server.port)/", timeouts: endless)
            if phase == .connecting || phase == .beforeFirstByte || isWhole || way == .taskCancelled {
                let read = phase != .paused
                let task = Task {
                    if isWhole {
                        _ = try await client.fetch(request, bodyLimit: .max)
                    } else {
                        let response = try await client.stream(request)
                        // A paused transfer's task is busy elsewhere, and asks again when it has been cancelled.
                        while read || Task.isCancelled { _ = try await response.nextBatch() }
                        while !Task.isCancelled { await Task.yield() }
                        _ = try await response.nextBatch()
                        _ = try await response.nextBatch()
                    }
                }
                #expect(try await eventually { asked.hasOpened && (phase != .paused || client.statistics.pauses == 1) })
                task.cancel()
                let thrown = await #expect(throws: TransferFailure.self) { try await task.value }
                #expect(thrown?.kind == .cancelled)
            } else {
                var response: TransferResponse? = try await client.stream(request)
                #expect(try await eventually { asked.hasOpened && (phase != .paused || client.statistics.pauses == 1) })
                if way == .cancelCalled {
                    response?.cancel()
                    response?.cancel()
                    let held = response
                    let failure = await failure { () throws(TransferFailure) in try await held?.nextBatch() }
                    #expect(failure?.kind == .cancelled)
                }
                response = nil
            }
            #expect(try await eventually { server.accepted.first?.closedByPeerAt != nil })
            #expect(try await eventually { client.statistics.active == 0 })
            let statistics = client.statistics
            #expect(statistics.cancelled == 1 && statistics.finished == 0 && statistics.failed == 0)
            #expect(statistics.pooled == 1)
        }
    }

    @Test(arguments: Phase.allCases, Way.allCases)
    func streams(phase: Phase, way: Way) async throws {
        if way != .taskCancelled, phase == .connecting || phase == .beforeFirstByte { return }
        try await giveUp(phase, way, isWhole: false)
    }

    @Test(arguments: [Phase.connecting, .beforeFirstByte, .midway])
    func wholeAnswers(phase: Phase) async throws {
        try await giveUp(phase, .taskCancelled, isWhole: true)
    }

    @Test func aCancelledTaskStartsNothing() async throws {
        let server = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient { client in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await client.fetch(get(server.url()), bodyLimit: 1)
            }
            task.cancel()
            let thrown = await #expect(throws: TransferFailure.self) { try await task.value }
            #expect(thrown?.kind == .cancelled)
            _ = try await client.fetch(get(server.url()), bodyLimit: 1)
            #expect(client.statistics.started == 1)
        }
    }

    @Test func cancellingAfterTheEndKeepsTheConnection() async throws {
        let server = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        try await withClient { client in
            for _ in 0..<5 {
                let response = try await client.stream(get(server.url()))
                _ = try await response.collect(limit: 1)
                response.cancel()
            }
            #expect(server.accepted.count == 1)
            #expect(client.statistics.cancelled == 0 && client.statistics.finished == 5)
        }
    }

    /// Gauges return to zero after a storm of transfers that are given up at random moments, and the client still works.
    @Test func aStormOfCancellations() async throws {
        raiseDescriptorLimit()
        let server = try RawServer { connection in
            while try connection.readRequest() != nil {
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<20 { try connection.sendChunk(Pattern.bytes(500)) }
                try connection.send("0\r\n\r\n")
            }
        }
        try await withClient(.init(threads: 2, highWaterMark: 2_000)) { client in
            let seed = UInt64.random(in: 0...UInt64.max)
            for round in 0..<10 {
                await withTaskGroup { group in
                    for index in 0..<50 {
                        var random = SplitMix(state: seed &+ UInt64(round * 100 + index))
                        let yields = Int.random(in: 0..<200, using: &random)
                        group.addTask {
                            let task = Task {
                                let response = try await client.stream(get(server.url()))
                                return try await response.collect(limit: .max).count
                            }
                            for _ in 0..<yields { await Task.yield() }
                            if index % 3 != 0 { task.cancel() }
                            let count = try? await task.value
                            #expect(count == nil || count == 10_000, "seed \(seed)")
                            if index % 3 == 0 { #expect(count == 10_000, "seed \(seed)") }
                        }
                    }
                }
            }
            #expect(try await eventually { client.statistics.active == 0 }, "seed \(seed)")
            let statistics = client.statistics
            #expect(statistics.started == statistics.finished + statistics.cancelled, "seed \(seed)")
            #expect(statistics.failed == 0, "seed \(seed)")
            let response = try await client.stream(get(server.url()))
            #expect(try await response.collect(limit: .max).count == 10_000)
        }
    }
}
