// How many connections a client holds.

import HTTPTransport
import Testing

@Suite struct ConnectionCountTests {
    @Test func connectionsAreCountedWhileTheyAreOpen() async throws {
        let server = try RawServer { connection in
            while try connection.readRequest() != nil {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        let client = try HTTPClient(configuration: .init(threads: 1))
        #expect(client.statistics.connections == 0)
        for _ in 0..<3 {
            _ = try await client.fetch(get(server.url()), bodyLimit: 10)
            // Kept for the next one.
            #expect(client.statistics.connections == 1)
        }
        #expect(client.statistics.queued == 0)
        _ = await failure { () throws(TransferFailure) in
            try await client.fetch(get("http://127.0.0.1:1/"), bodyLimit: 10)
        }
        #expect(client.statistics.connections == 1)
        await client.shutdown()
        #expect(try await eventually { client.statistics.connections == 0 })
    }
}
