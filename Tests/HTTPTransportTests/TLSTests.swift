// TLS: whom we trust, and that pausing works through it.

import HTTPTransport
import Testing

@Suite(.enabled(if: TLSServer.isAvailable, "needs the openssl command"))
struct TLSTests {
    private func response(_ body: [UInt8]) -> [UInt8] {
        Array("HTTP/1.0 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    private func request(_ server: TLSServer, ca: Bool) -> TransferRequest {
        var request = get("https://127.0.0.1:\(server.port)/file")
        if ca { request.caFile = server.caFile }
        return request
    }

    @Test func acceptedWithTheAuthorityAndRefusedWithout() async throws {
        let server = try TLSServer(files: ["file": response(Array("hello".utf8))])
        try await withClient { client in
            let refused = await failure { () throws(TransferFailure) in
                try await client.fetch(request(server, ca: false), bodyLimit: 100)
            }
            #expect(refused?.kind == .tls)
            #expect(refused?.message.contains("certificate") == true)
            let accepted = try await client.fetch(request(server, ca: true), bodyLimit: 100)
            #expect(accepted.body == Array("hello".utf8))
            // Having trusted once does not carry over to a request without the file.
            let again = await failure { () throws(TransferFailure) in
                try await client.fetch(request(server, ca: false), bodyLimit: 100)
            }
            #expect(again?.kind == .tls)
            var unchecked = request(server, ca: false)
            unchecked.verifyTLS = false
            #expect(try await client.fetch(unchecked, bodyLimit: 100).body == Array("hello".utf8))
        }
        try await withClient(.init(threads: 1, caFile: server.caFile)) { client in
            let accepted = try await client.fetch(request(server, ca: false), bodyLimit: 100)
            #expect(accepted.body == Array("hello".utf8))
        }
    }

    @Test func aCertificateForSomebodyElseIsRefused() async throws {
        let server = try TLSServer(names: "DNS:other.example", files: ["file": response([])])
        try await withClient { client in
            let refused = await failure { () throws(TransferFailure) in
                try await client.fetch(request(server, ca: true), bodyLimit: 100)
            }
            #expect(refused?.kind == .tls)
        }
    }

    @Test func aFileOfAuthoritiesThatIsNotThere() async throws {
        let server = try TLSServer(files: ["file": response([])])
        try await withClient { client in
            var request = request(server, ca: false)
            request.caFile = server.caFile + ".missing"
            let refused = await failure { () throws(TransferFailure) in try await client.fetch(request, bodyLimit: 100)
            }
            #expect(refused?.kind == .tls)
        }
    }

    @Test func plainHTTPBehindAnHTTPSAddress() async throws {
        let server = try RawServer { connection in
            _ = try connection.read(100)
            try connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        try await withClient { client in
            let request = get("https://127.0.0.1:\(server.port)/")
            let refused = await failure { () throws(TransferFailure) in try await client.fetch(request, bodyLimit: 100)
            }
            #expect(refused?.kind == .tls)
        }
    }

    /// TLS keeps decrypted bytes of its own: none may be lost or forgotten over a pause.
    @Test func pausingThroughTLS() async throws {
        let total = 20_000_000
        let server = try TLSServer(files: ["file": response(Pattern.bytes(total))])
        try await withClient(.init(threads: 1, highWaterMark: 100_000)) { client in
            let response = try await client.stream(request(server, ca: true))
            var received = 0
            var largest = 0
            while let batch = try await response.nextBatch() {
                #expect(Pattern.matches(batch, at: received))
                received += batch.count
                largest = max(largest, batch.count)
                let pauses = client.statistics.pauses
                if received < total / 2 { try await waitForPause(client, beyond: pauses) }
            }
            #expect(received == total)
            #expect(largest < 200_000)
            #expect(client.statistics.pauses > 20)
        }
    }

    /// Until the transfer is paused or has nothing more to say for a moment.
    private func waitForPause(_ client: HTTPClient, beyond pauses: Int) async throws {
        _ = try await eventually(.milliseconds(20)) { client.statistics.pauses > pauses }
    }
}
