// What is sent back, and how its end is told.

import HTTPTypes
import Loops
import Support
import Testing

@testable import HTTPServer

@Suite struct ResponseTests {
    @Test func piecesGoOutAsChunks() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        for _ in 1...2 {
            try await probe.send("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = try await probe.answer()
            #expect(answer.head["transfer-encoding"] == "chunked")
            #expect(answer.head["content-length"] == nil)
            #expect(answer.text == "piece 1\npiece 2\npiece 3\n")
        }
        await door.shut()
    }

    @Test func oldClientsGetNoChunks() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET /pieces HTTP/1.0\r\n\r\n")
        var bytes: [UInt8] = []
        while let piece = try await probe.receive() { bytes += piece }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasSuffix("\r\n\r\npiece 1\npiece 2\npiece 3\n"))
        #expect(text.contains("connection: close"))
        #expect(!text.contains("chunked"))
        await door.shut()
    }

    @Test func someAnswersHaveNoBody() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = try await probe.head()
        #expect(head.status == 204)
        #expect(head["content-length"] == nil && head["transfer-encoding"] == nil)
        // The next answer follows at once: no byte of a body stood between.
        try await probe.send("HEAD /pieces HTTP/1.1\r\nHost: x\r\n\r\nGET /after HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await probe.head().status == 200)
        #expect(try await probe.answer().text == "/after")
        await door.shut()
    }

    @Test func anAnswerThatBreaksDoesNotLookWhole() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await probe.head().status == 200)
        var bytes: [UInt8] = []
        while let piece = try? await probe.receive() { bytes += piece }
        #expect(!String(decoding: bytes, as: UTF8.self).contains("0\r\n\r\n"))
        await door.shut()
    }

    @Test func whoWantsToCloseIsClosed() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let answer = try await probe.answer()
        #expect(answer.head["connection"] == "close")
        #expect(try await probe.waitForClose() == false)
        await door.shut()
    }

    /// What has been written leaves before the connection is closed.
    @Test(arguments: ["GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"])
    func aSlowReaderGetsAllOfALastAnswer(_ request: String) async throws {
        let size = 1 << 20
        let door = try await Door.open { _, seen in
            seen.note("asked")
            return Response(status: .ok, body: ResponseBody([UInt8](repeating: 0x63, count: size)))
        }
        let probe = try await HTTPProbe(port: door.port, receiveBuffer: 16_384)
        try await probe.send(request)
        try await eventually("it is answered") { door.seen.all == ["asked"] }
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await probe.answer().body.count == size)
        #expect(try await probe.waitForClose() == false)
        await door.shut()
    }

    @Test func aBrokenAnswerWithoutChunksIsAReset() async throws {
        let door = try await Door.open()
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET /broken HTTP/1.0\r\n\r\n")
        #expect(try await probe.waitForClose())
        await door.shut()
    }

    @Test func aReaderThatTakesNothingOfAnAnswerIsLeft() async throws {
        let limit = Duration.seconds(600)
        let door = try await Door.open(requestTime: limit) { _, seen in
            seen.note("asked")
            return Response(status: .ok, body: ResponseBody([UInt8](repeating: 0x64, count: 32 << 20)))
        }
        let probe = try await HTTPProbe(port: door.port, receiveBuffer: 8192)
        try await probe.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try await eventually("it is answered") { door.seen.all == ["asked"] }
        try await eventually("it is given up") {
            try await door.connection { $0.checkTime(.now.advanced(by: limit)) }
            return door.listener.connectionCount == 0
        }
        await door.shut()
    }

    /// Slow is not gone: a reader that takes some of an answer all the time gets all of it.
    @Test func aSlowReaderMayTakeLongerThanAnIdleOne() async throws {
        // More than the system takes at once.
        let size = 16 << 20
        let limit = Duration.seconds(600)
        let door = try await Door.open(requestTime: limit) { _, _ in
            Response(status: .ok, body: ResponseBody([UInt8](repeating: 0x65, count: size)))
        }
        let probe = try await HTTPProbe(port: door.port, receiveBuffer: 16_384)
        try await probe.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try await probe.head()
        // The socket has come to a stop before this moment and moves on after it.
        let before = try await door.connection { $0.table.core.now }
        let (moment, sent) = try await eventually("time goes on") {
            let (now, sent) = try await door.connection { ($0.table.core.now, $0.socket.sentTotal) }
            return now > before ? (now, sent) : nil
        }
        var count = 0
        while try await door.connection({ $0.socket.sentTotal }) < sent + 2 * ConnectionHandler.progress {
            count += try #require(try await probe.bodyPiece()).count
        }
        // Too long after whatever was sent before.
        let late = moment.advanced(by: limit - .nanoseconds(1))
        let isOpen = try await door.connection { handler in
            handler.checkTime(late)
            return handler.socket.isOpen
        }
        #expect(isOpen)
        while count < size { count += try #require(try await probe.bodyPiece()).count }
        #expect(count == size)
        await door.shut()
    }

    /// Without chunks and length the end of the connection is the end of the answer: one that is cut must not look so.
    @Test func anAnswerThatIsCutByTheServerDoesNotLookWhole() async throws {
        let door = try await Door.open { _, seen in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(Array("half".utf8))
                    seen.note("half")
                    while !seen.all.contains("over") { try await Task.sleep(for: .milliseconds(5)) }
                }
            )
        }
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET / HTTP/1.0\r\n\r\n")
        try await eventually("half of it is sent") { door.seen.all == ["half"] }
        door.listener.closeAll()
        #expect(try await probe.waitForClose())
        door.seen.note("over")
        await door.shut()
    }

    /// Who has had an answer gets no second one for the same request, whatever else it sends.
    @Test func aRequestHasOneAnswer() async throws {
        let door = try await Door.open { _, _ in Response(status: .unauthorized, body: ResponseBody(Array("no".utf8))) }
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab")
        #expect(try await probe.answer().status == 401)
        try? await probe.send("c\r\nzz\r\n")
        #expect(try await probe.receive() == nil)
        await door.shut()
    }

    /// The invitation to send the body is no part of an answer.
    @Test func nobodyIsAskedToGoOnInTheMiddleOfAnAnswer() async throws {
        let door = try await Door.open { request, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(Array("first|".utf8))
                    for try await piece in request.body { try await writer.write(piece) }
                }
            )
        }
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        _ = try await probe.head()
        try await probe.send("ok")
        var body: [UInt8] = []
        while let piece = try await probe.bodyPiece() { body += piece }
        #expect(String(decoding: body, as: UTF8.self) == "first|ok")
        await door.shut()
    }

    /// An answer that comes before the body has: the client still gets to read it.
    @Test func anEarlyAnswerIsSeenByWhoIsStillSending() async throws {
        let door = try await Door.open { _, _ in Response(status: .unauthorized, body: ResponseBody(Array("no".utf8))) }
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n")
        for _ in 0..<4 { try await probe.send([UInt8](repeating: 0x61, count: 1_000_000)) }
        let answer = try await probe.answer()
        #expect(answer.status == 401)
        #expect(answer.head["connection"] == "close")
        #expect(answer.text == "no")
        #expect(try await probe.waitForClose() == false)
        await door.shut()
    }

    @Test func aReaderThatStandsStillHoldsTheWriterUp() async throws {
        let size = 1 << 16
        let door = try await Door.open { _, seen in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for number in 0..<400 {
                        try await writer.write([UInt8](repeating: 0x62, count: size))
                        seen.note("\(number)")
                    }
                }
            )
        }
        let probe = try await HTTPProbe(port: door.port, receiveBuffer: 8192)
        try await probe.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try await eventually("the writer has begun") { !door.seen.all.isEmpty }
        var before = -1
        // It comes to a stop long before the end.
        try await eventually("the writer waits", every: .milliseconds(200)) {
            defer { before = door.seen.all.count }
            return door.seen.all.count == before
        }
        let stopped = door.seen.all.count
        #expect(stopped < 300)
        _ = try await probe.head()
        while door.seen.all.count == stopped { _ = try await probe.bodyPiece() }
        await door.shut()
    }

    @Test func datesAreWrittenAsHTTPWantsThem() {
        #expect(HTTPDate.text(of: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(of: 951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
    }
}
