// What clients send, in pieces and all at once, well and badly.

import HTTPTypes
import Support
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct RequestTests {
    @Test func aConnectionServesRequestAfterRequest() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        for number in 1...3 {
            try await probe.send("GET /\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = try await probe.answer()
            #expect(answer.status == 200)
            #expect(answer.text == "/\(number)")
            #expect(answer.head["connection"] == nil)
            #expect(answer.head["content-length"] == "2")
            #expect(answer.head["server"] == "door")
        }
        await door.shut()
    }

    @Test func requestsThatComeAtOnceAreAnsweredInOrder() async throws {
        let door = try await Door.open { request, _ in
            // The first takes longest.
            if request.path == "/0" { try? await Task.sleep(for: .milliseconds(50)) }
            var bytes = Array(request.path.utf8)
            do {
                for try await piece in request.body { bytes += piece }
            } catch {
                bytes += Array("\(error)".utf8)
            }
            return Response(status: .ok, body: ResponseBody(bytes))
        }
        let probe = try await HTTPProbe(port: door.port)
        var text = ""
        for number in 0..<200 {
            text += "POST /\(number) HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n:\(number % 10)\n"
        }
        try await probe.send(text)
        for number in 0..<200 { #expect(try await probe.answer().text == "/\(number):\(number % 10)\n") }
        await door.shut()
    }

    /// Thousands that are answered without a pause do not pile up on the stack.
    @Test func aFloodBehindASlowOneIsAnswered() async throws {
        let door = try await Door.open { request, _ in
            if request.path == "/slow" { try? await Task.sleep(for: .milliseconds(300)) }
            return Response(status: .noContent)
        }
        let probe = try await HTTPProbe(port: door.port)
        let count = 20_000
        let flood = String(repeating: "GET /x HTTP/1.1\r\nHost: x\r\n\r\n", count: count)
        try await probe.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        let sender = Task { try await probe.send(flood) }
        for _ in 0...count { #expect(try await probe.head().status == 204) }
        try await sender.value
        await door.shut()
    }

    /// A server may pass over an offer of another protocol (RFC 9110 section 7.8); the connection stays what it was.
    @Test(arguments: ["GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"])
    func whoAsksForAnotherProtocolIsAnsweredInThisOne(_ request: String) async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send(request)
        let answer = try await probe.answer()
        #expect(answer.status == 200)
        #expect(answer.head["upgrade"] == nil)
        try await probe.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await probe.answer().text == "/next")
        await door.shut()
    }

    /// A body that was too much at once and that nobody read does not hold up the next request.
    @Test func anUnreadBodyLeavesTheConnectionReadable() async throws {
        let door = try await Door.open { request, seen in
            seen.note(request.path)
            while request.path == "/unread", !seen.all.contains("go") { try? await Task.sleep(for: .milliseconds(2)) }
            return Response(status: .ok, body: ResponseBody(Array(request.path.utf8)))
        }
        let probe = try await HTTPProbe(port: door.port)
        let body = String(repeating: "b", count: 400_000)
        try await probe.send("POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n")
        try await eventually("it is being answered") { door.seen.all == ["/unread"] }
        try await probe.send(body)
        try await Task.sleep(for: .milliseconds(50))
        door.seen.note("go")
        let first = try await probe.answer()
        #expect(first.text == "/unread")
        if first.head["connection"] == nil {
            try await probe.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await probe.answer().text == "/next")
        }
        await door.shut()
    }

    /// However the bytes are cut, the request is the same.
    @Test func everySplitGivesTheSameRequest() async throws {
        let door = try await Door.open()
        let body = "7\r\nHello, \r\n6\r\nworld!\r\n0\r\nX-Trailer: 1\r\n\r\n"
        let request = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body
        let probe = try await HTTPProbe(port: door.port)
        for split in stride(from: 1, to: request.utf8.count, by: 3) {
            let bytes = Array(request.utf8)
            try await probe.send(Array(bytes[..<split]))
            try await Task.sleep(for: .milliseconds(1))
            try await probe.send(Array(bytes[split...]))
            #expect(try await probe.answer().text == "Hello, world!", "split at \(split)")
        }
        await door.shut()
    }

    @Test func aLargeBodyIsReadAsFastAsItIsWanted() async throws {
        let door = try await Door.open { request, seen in
            var count = 0
            var wasLarge = false
            do {
                for try await piece in request.body {
                    count += piece.count
                    wasLarge = wasLarge || piece.count > 2 * BodyPipe.highWater
                    try await Task.sleep(for: .milliseconds(1))
                }
            } catch {
                seen.note("\(error)")
            }
            // The socket was not read further than the pipe may hold and one read more.
            seen.note(wasLarge ? "too much at once" : "bounded")
            return Response(status: .ok, body: ResponseBody(Array(String(count).utf8)))
        }
        let probe = try await HTTPProbe(port: door.port)
        let size = 20 << 20
        try await probe.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n")
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        for _ in 0..<20 { try await probe.send(piece) }
        #expect(try await probe.answer().text == String(size))
        #expect(door.seen.all == ["bounded"])
        await door.shut()
    }

    @Test func whoAsksFirstIsToldToGoOn() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        let first = try #require(try await probe.receive())
        #expect(String(decoding: first, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
        try await probe.send("ok")
        #expect(try await probe.answer().text == "ok")
        await door.shut()
    }

    @Test(arguments: [
        "this is not HTTP\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "GET /\u{0} HTTP/1.1\r\nHost: x\r\n\r\n",
    ])
    func whatIsNoRequestIsRefusedAndReachesNobody(_ text: String) async throws {
        let door = try await Door.open(refusalTime: .milliseconds(100))
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send(text)
        let answer = try await probe.answer()
        #expect(answer.status == 400)
        #expect(answer.head["connection"] == "close")
        #expect(try await probe.waitForClose() == false)
        #expect(door.seen.all.isEmpty)
        await door.shut()
    }

    @Test func goodRequestsBeforeABadOneAreAnswered() async throws {
        let door = try await Door.open(refusalTime: .milliseconds(100))
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\n\r\nrubbish\r\n\r\n")
        #expect(try await probe.answer().text == "/one")
        #expect(try await probe.answer().text == "/two")
        #expect(try await probe.answer().status == 400)
        #expect(try await probe.waitForClose() == false)
        await door.shut()
    }

    @Test func aBodyThatBreaksOffIsNoWholeBody() async throws {
        let door = try await Door.open(refusalTime: .milliseconds(100))
        let chunked = try await HTTPProbe(port: door.port)
        try await chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        try await eventually("it is being read") { door.seen.all == ["POST /echo"] }
        try await chunked.send("zz\r\n")
        let answer = try await chunked.answer()
        #expect(answer.status == 400)
        #expect(try await chunked.waitForClose() == false)
        let short = try await HTTPProbe(port: door.port)
        try await short.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        try await eventually("it is being read") { door.seen.all.filter { $0 == "POST /echo" }.count == 2 }
        await short.close()
        try await eventually("both bodies are found incomplete") {
            door.seen.all.filter { $0 == "body: incomplete" }.count == 2
        }
        await door.shut()
    }

    /// The answer to a body that turns out to be none is seen, though more of it is on its way.
    @Test func aMalformedBodyIsAnsweredWhileMoreComes() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        try await eventually("it is being read") { door.seen.all == ["POST /echo"] }
        try await probe.send("zz\r\n")
        for _ in 0..<20 {
            try? await probe.send([UInt8](repeating: 0x61, count: 10_000))
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(try await probe.answer().status == 400)
        await door.shut()
    }

    /// A client that sends thousands of requests at once does not have the loop for itself.
    @Test func aFloodLeavesRoomForOthers() async throws {
        let answered = Atomic<Int>(0)
        let answeredAtOther = Atomic<Int>(0)
        let door = try await Door.open(loops: 1) { request, _ in
            if request.path == "/flood" {
                answered.add(1, ordering: .relaxed)
            } else {
                answeredAtOther.store(answered.load(ordering: .relaxed), ordering: .relaxed)
            }
            return Response(status: .noContent)
        }
        // It ends with this test, not before.
        let flood = try await HTTPProbe(port: door.port)
        let reading = Task {
            while let status = try? await flood.head().status { #expect(status == 204) }
        }
        let sending = Task {
            let requests = Array(String(repeating: "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n", count: 10_000).utf8)
            while true { try await flood.send(requests) }
        }
        let other = try await HTTPProbe(port: door.port)
        try await eventually("the flood has begun") { answered.load(ordering: .relaxed) > 0 }
        try await other.send("GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
        let before = answered.load(ordering: .relaxed)
        #expect(try await other.head().status == 204)
        // A few turns, not all that has come.
        #expect(answeredAtOther.load(ordering: .relaxed) - before < 12 * ConnectionHandler.requestsInARow)
        sending.cancel()
        await flood.close(reset: true)
        _ = await (sending.result, reading.value)
        await door.shut()
    }

    @Test func headersHaveLimits() async throws {
        let door = try await Door.open()
        let large = try await HTTPProbe(port: door.port)
        try await large.send("GET / HTTP/1.1\r\nHost: x\r\nX-Big: \(String(repeating: "a", count: 70_000))\r\n\r\n")
        #expect(try await large.answer().status == 431)
        let many = try await HTTPProbe(port: door.port)
        let fields = (0..<300).map { "X-\($0): 1\r\n" }.joined()
        try await many.send("GET / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
        #expect(try await many.answer().status == 431)
        #expect(door.seen.all.isEmpty)
        await door.shut()
    }

    @Test func queriesAndHeadersAreReadAsTheyAreMeant() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET /query?a=1&b=two+words&c=%E4%BD%A0&d&e=x%3Dy&f=%zz#part HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await probe.answer().text == "a=1|b=two words|c=你|d=|e=x=y|f=%zz")
        // Two fields of one name are one list: nobody shows us one value and a proxy another.
        try await probe.send("GET /agent HTTP/1.1\r\nHost: x\r\nuser-AGENT: one\r\nUser-Agent: two\r\n\r\n")
        #expect(try await probe.answer().text == "one, two")
        try await probe.send("GET http://example.org/absolute?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await probe.answer().text == "/absolute")
        await door.shut()
    }
}
