// Leaving: running transfers end, late ones are refused, threads are gone.

import HTTPTransport
import Testing

@Suite struct ShutdownTests {
    @Test func runningTransfersEnd() async throws {
        let server = try RawServer { connection in
            guard let request = try connection.readRequest() else { return }
            if request.line.contains("/stream") {
                try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            }
            connection.waitForClose()
        }
        let client = try HTTPClient(configuration: .init(threads: 2))
        let stream = try await client.stream(get(server.url("/stream")))
        let reading = Task { try await stream.nextBatch() }
        let fetching = Task { try await client.fetch(get(server.url("/fetch")), bodyLimit: 1) }
        #expect(try await eventually { server.accepted.count == 2 && client.statistics.active == 2 })
        await client.shutdown()
        let read = await #expect(throws: TransferFailure.self) { try await reading.value }
        let fetched = await #expect(throws: TransferFailure.self) { try await fetching.value }
        #expect(read?.kind == .shutDown && fetched?.kind == .shutDown)
        #expect(client.statistics.active == 0)
        #expect(try await eventually { server.accepted.allSatisfy { $0.closedByPeerAt != nil } })
        let late = await failure { () throws(TransferFailure) in try await client.fetch(get(server.url()), bodyLimit: 1)
        }
        #expect(late?.kind == .shutDown)
        await client.shutdown()
        // Whoever still holds a response may do with it what it likes.
        stream.cancel()
        let after = await failure { () throws(TransferFailure) in try await stream.nextBatch(patience: .zero) }
        #expect(after?.kind == .shutDown)
    }

    @Test func whatHadArrivedCanStillBeRead() async throws {
        let server = try RawServer { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.respond(body: "all of it")
            connection.waitForClose()
        }
        let client = try HTTPClient(configuration: .init(threads: 1))
        let response = try await client.stream(get(server.url()))
        #expect(try await eventually { client.statistics.finished == 1 })
        await client.shutdown()
        #expect(try await response.collect(limit: 100) == Array("all of it".utf8))
    }

    @Test func aClientThatIsDroppedTakesItsTransfersWithIt() async throws {
        let server = try RawServer { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.waitForClose()
        }
        var client: HTTPClient? = try HTTPClient(configuration: .init(threads: 1))
        let response = try #require(try await client?.stream(get(server.url())))
        client = nil
        let failure = await failure { () throws(TransferFailure) in try await response.nextBatch() }
        #expect(failure?.kind == .shutDown)
        #expect(try await eventually { server.accepted.first?.closedByPeerAt != nil })
    }

    @Test func manyAtOnceWhileRequestsKeepComing() async throws {
        let server = try RawServer { connection in
            while try connection.readRequest() != nil { try connection.respond(body: "x") }
        }
        for _ in 0..<20 {
            let client = try HTTPClient(configuration: .init(threads: 2))
            let kinds = try await withThrowingTaskGroup(of: TransferFailure.Kind?.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        do {
                            while true { _ = try await client.fetch(get(server.url()), bodyLimit: 1) }
                        } catch let failure as TransferFailure {
                            return failure.kind
                        }
                    }
                }
                _ = try await eventually { client.statistics.finished > 20 }
                await client.shutdown()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(kinds == Array(repeating: .shutDown, count: 20))
        }
    }
}
