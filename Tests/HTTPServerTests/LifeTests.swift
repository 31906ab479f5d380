// How connections begin and end: clients that go, idle ones, one too many, and the stop of the server.

import HTTPTypes
import Loops
import Support
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct LifeTests {
    @Test(arguments: ["close", "reset", "half"])
    func aClientThatGoesIsNoticedWhileNobodyReadsOrWrites(_ how: String) async throws {
        let door = try await Door.open { request, seen in
            request.connection.signal.onGone { seen.note("gone") }
            while !seen.all.contains("gone") { try? await Task.sleep(for: .milliseconds(5)) }
            return Response(status: .ok)
        }
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try await Task.sleep(for: .milliseconds(20))
        switch how {
        case "close": await probe.close()
        case "reset": await probe.close(reset: true)
        default: await probe.finishSending()
        }
        try await eventually("the responder hears of it") { door.seen.all == ["gone"] }
        try await eventually("the connection is gone") { door.listener.connectionCount == 0 }
        await door.shut()
    }

    @Test func aWriterIsNotLeftWaitingForAReaderWhoHasGone() async throws {
        let door = try await Door.open { _, seen in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    do {
                        while true { try await writer.write([UInt8](repeating: 0, count: 1 << 16)) }
                    } catch {
                        seen.note("ended")
                        throw error
                    }
                }
            )
        }
        let probe = try await HTTPProbe(port: door.port, receiveBuffer: 8192)
        try await probe.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try await probe.head()
        await probe.close(reset: true)
        try await eventually("the writer has ended") { door.seen.all == ["ended"] }
        await door.shut()
    }

    @Test func idleConnectionsAndTricklingHeadsAreClosed() async throws {
        let door = try await Door.open(requestTime: .milliseconds(300))
        let idle = try await HTTPProbe(port: door.port)
        #expect(try await idle.waitForClose() == false)
        let trickling = try await HTTPProbe(port: door.port)
        let sender = Task {
            for byte in Array("GET / HTTP/1.1\r\nHost: \(String(repeating: "x", count: 4000))".utf8) {
                try await trickling.send([byte])
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        // It is a reset where a byte was on its way.
        _ = try await trickling.waitForClose()
        sender.cancel()
        await door.shut()
    }

    @Test func aLongAnswerIsNotIdleness() async throws {
        let door = try await Door.open { request, seen in
            request.connection.onLoop { handler in
                handler.checkTime(.now.advanced(by: .seconds(6000)))
                seen.note("long after")
            }
            return Response(status: .ok, body: ResponseBody(Array("late".utf8)))
        }
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await probe.answer().text == "late")
        #expect(door.seen.all == ["long after"])
        await door.shut()
    }

    @Test func oneConnectionTooManyIsTold() async throws {
        let door = try await Door.open(refusalTime: .seconds(2), maximumConnections: 2)
        var probes: [HTTPProbe] = []
        for _ in 0..<2 {
            let probe = try await HTTPProbe(port: door.port)
            try await probe.send("GET /in HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await probe.answer().status == 200)
            probes.append(probe)
        }
        // One that takes too long to ask is told nothing.
        let third = try await eventually("the third is told") {
            let third = try await HTTPProbe(port: door.port)
            try await third.send("GET /out HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await third.answer().status == 503)
            return third
        }
        #expect(try await third.waitForClose() == false)
        #expect(!door.seen.all.contains("GET /out"))
        await probes[0].close()
        try await eventually("there is room again") { door.listener.connectionCount == 1 }
        let fourth = try await HTTPProbe(port: door.port)
        try await fourth.send("GET /in HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await fourth.answer().status == 200)
        await door.shut()
    }

    /// Who is too many and says nothing does not keep its place.
    @Test func silentOnesTooManyAreClosedSoon() async throws {
        let door = try await Door.open(refusalTime: .seconds(1), maximumConnections: 1)
        let first = try await HTTPProbe(port: door.port)
        try await first.send("GET /in HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await first.answer().status == 200)
        var silent: [HTTPProbe] = []
        for _ in 0..<100 { silent.append(try await HTTPProbe(port: door.port)) }
        try await eventually("only the first is left") { door.listener.connectionCount == 1 }
        #expect(!silent.isEmpty)
        await door.shut()
    }

    @Test func aStopLetsAnswersFinishAndClosesTheRest() async throws {
        let gate = Gate()
        let door = try await Door.open { request, seen in
            seen.note(request.path)
            if request.path == "/slow" { await gate.wait() }
            return Response(status: .ok, body: ResponseBody(Array("done".utf8)))
        }
        let idle = try await HTTPProbe(port: door.port)
        try await idle.send("GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await idle.answer().status == 200)
        let busy = try await HTTPProbe(port: door.port)
        try await busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        try await eventually("it is being answered") { door.seen.all.contains("/slow") }
        door.listener.stopAccepting()
        #expect(try await idle.waitForClose() == false)
        await gate.open()
        let answer = try await busy.answer()
        #expect(answer.text == "done")
        #expect(answer.head["connection"] == "close")
        await door.listener.drained()
        await door.shut()
    }

    @Test func aPortInUseIsAnError() async throws {
        let door = try await Door.open()
        let loops = try LoopGroup(count: 1)
        let second = Listener(
            .init(
                host: "127.0.0.1",
                port: door.port,
                requestTime: .seconds(1),
                name: "x",
                refusal: { _ in Response(status: .badRequest) }
            ),
            loops: loops,
            responder: { _ in Response(status: .ok) }
        )
        let failure = await #expect(throws: ListenFailure.self) { try await second.start() }
        #expect(failure?.description == "cannot listen on 127.0.0.1:\(door.port): Address already in use")
        await loops.shutdown()
        await door.shut()
    }
}

/// Holds tasks up until it is opened.
private actor Gate {
    private var isOpen = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        if isOpen { return }
        await withCheckedContinuation { waiters.append($0) }
    }

    func open() {
        isOpen = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
