// Streams: pieces in order however they were cut, many at once, patience.

import HTTPTransport
import Testing

@Suite struct StreamTests {
    @Test func aChunkedStreamSplitAtEveryByteIsTheSame() async throws {
        let text = "data: {\"é\":1}\r\n\r\ndata: [DONE]\n\n"
        let wire =
            Array("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
            + Array("7\r\n\(text.utf8Prefix(7))\r\n".utf8)
            + Array(
                "\(String(text.utf8.count - 7, radix: 16));name=value\r\n\(text.utf8Suffix(7))\r\n0\r\nX-T: 1\r\n\r\n"
                    .utf8
            )
        let server = try RawServer { connection in
            for split in 0...wire.count {
                guard try connection.readRequest() != nil else { return }
                try connection.send(Array(wire[..<split]))
                try connection.send(Array(wire[split...]))
            }
        }
        try await withClient { client in
            for split in 0...wire.count {
                let response = try await client.stream(get(server.url()))
                #expect(response.headers["content-type"] == "text/event-stream")
                let body = try await response.collect(limit: 1000)
                #expect(String(decoding: body, as: UTF8.self) == text, "split at \(split)")
            }
            #expect(server.accepted.count == 1)
        }
    }

    @Test func everyByteAlone() async throws {
        let body = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            let head = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
            for byte in head { try connection.send([byte]) }
            for byte in body { try connection.sendChunk([byte]) }
            try connection.send("0\r\n\r\n")
        }
        try await withClient { client in
            let response = try await client.stream(get(server.url()))
            #expect(try await response.collect(limit: 1000) == body)
            // The end stays the end.
            #expect(try await response.nextBatch() == nil)
            #expect(try await response.nextBatch() == nil)
        }
    }

    @Test func theHeadComesBeforeTheBody() async throws {
        let gate = Gate()
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            gate.wait()
            try connection.send("ab")
        }
        try await withClient { client in
            let response = try await client.stream(get(server.url()))
            #expect(response.status == 200)
            #expect(!gate.hasOpened)
            gate.open()
            #expect(try await response.collect(limit: 10) == Array("ab".utf8))
        }
    }

    @Test func patienceRunsOutAndTheStreamGoesOn() async throws {
        let gate = Gate()
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            gate.wait()
            try connection.send("abcd")
        }
        try await withClient { client in
            let response = try await client.stream(get(server.url()))
            for _ in 0..<3 {
                let start = ContinuousClock.now
                #expect(try await response.nextBatch(patience: .milliseconds(30)) == [])
                let waited = ContinuousClock.now - start
                #expect(waited >= .milliseconds(30))
            }
            // A shorter patience after a long one that was not used up is kept too.
            gate.open()
            #expect(try await response.nextBatch(patience: .seconds(60)) == Array("abcd".utf8))
            #expect(try await response.nextBatch(patience: .milliseconds(30)) == nil)
        }
    }

    @Test func aShorterPatienceAfterALongOne() async throws {
        let server = try RawServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
            connection.waitForClose()
        }
        try await withClient { client in
            let response = try await client.stream(get(server.url()))
            #expect(try await response.nextBatch(patience: .seconds(60)) == Array("ab".utf8))
            #expect(try await response.nextBatch(patience: .milliseconds(20)) == [])
        }
    }

    @Test func aThousandStreamsAtOnce() async throws {
        raiseDescriptorLimit()
        let streams = 1_000
        let chunks = 5
        let everybody = Counter()
        let go = Gate()
        let server = try RawServer { connection in
            guard let request = try connection.readRequest() else { return }
            let name = request.header("x-name") ?? "?"
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            everybody.increment()
            go.wait()
            for chunk in 0..<chunks { try connection.sendChunk(Array("\(name):\(chunk) ".utf8)) }
            try connection.send("0\r\n\r\n")
            connection.waitForClose(.seconds(60))
        }
        try await withClient { client in
            let wrong = try await withThrowingTaskGroup(of: String?.self) { group in
                for name in 0..<streams {
                    group.addTask {
                        var request = get(server.url())
                        request.headers.add("X-Name", "\(name)")
                        let response = try await client.stream(request)
                        let text = String(decoding: try await response.collect(limit: 1_000), as: UTF8.self)
                        let expected = (0..<chunks).map { "\(name):\($0) " }.joined()
                        return text == expected ? nil : "\(name): \(text)"
                    }
                }
                group.addTask {
                    let all = try await eventually(.seconds(60)) {
                        everybody.value == streams && client.statistics.active == streams
                    }
                    go.open()
                    return all ? nil : "never \(streams) at once"
                }
                return try await group.reduce(into: [String]()) { if let text = $1 { $0.append(text) } }
            }
            #expect(wrong == [])
            #expect(server.accepted.count == streams)
            #expect(client.statistics.active == 0)
            #expect(client.statistics.finished == streams)
        }
    }
}

extension String {
    fileprivate func utf8Prefix(_ count: Int) -> String { String(decoding: utf8.prefix(count), as: UTF8.self) }
    fileprivate func utf8Suffix(_ count: Int) -> String { String(decoding: utf8.dropFirst(count), as: UTF8.self) }
}
