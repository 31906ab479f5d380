// The pipe between a turn and its connection: order, back-pressure, keep-alives, ends.

import Conversation
import OpenAIProtocol
import Testing

@testable import Gateway

@Suite struct ResponseStreamTests {
    private let hello = Array("hello".utf8)

    @Test func bytesArriveInOrderAndTheEndAfterThem() async throws {
        let stream = ResponseStream()
        let producer = Task {
            for number in 0..<1000 { try await stream.send(Array("\(number),".utf8)) }
            stream.finish(Array("end".utf8), end: .finished)
        }
        var all: [UInt8] = []
        while let bytes = await stream.next() { all += bytes }
        try await producer.value
        #expect(String(decoding: all, as: UTF8.self) == (0..<1000).map { "\($0)," }.joined() + "end")
        #expect(await stream.next() == nil)
    }

    @Test func aSlowConsumerHoldsTheProducerAndMemoryStaysBounded() async throws {
        let stream = ResponseStream()
        let piece = [UInt8](repeating: 7, count: 100_000)
        let producer = Task {
            for _ in 0..<100 { try await stream.send(piece) }
            stream.finish([], end: .finished)
        }
        var total = 0
        var largest = 0
        while let bytes = await stream.next() {
            total += bytes.count
            largest = max(largest, bytes.count)
            await Task.yield()
        }
        try await producer.value
        #expect(total == 10_000_000)
        #expect(largest <= 400_000)
    }

    @Test func silenceIsFilledWithCommentsAtMostEveryTenSeconds() async throws {
        // A moment that was before the last bytes, and nine seconds: too early, however slow the machine is.
        var before = ContinuousClock.now
        let stream = ResponseStream()
        _ = stream.beat(now: before + .seconds(9))
        let opening = Task { await stream.opening() }
        _ = stream.beat(now: .now + .seconds(11))
        guard case .bytes = await opening.value else {
            Issue.record("the comment opens the stream")
            return
        }
        before = .now
        #expect(await stream.next() == ServerSentEvents.keepAlive)
        _ = stream.beat(now: before + .seconds(9))
        try await stream.send(hello)
        #expect(await stream.next() == hello)
        _ = stream.beat(now: .now + .seconds(11))
        #expect(await stream.next() == ServerSentEvents.keepAlive)
        stream.finish([], end: .finished)
        _ = stream.beat(now: .now + .seconds(100))
        #expect(await stream.next() == nil)
    }

    @Test func aFailureBeforeTheFirstByteIsAStatusAndAfterItAFrame() async throws {
        let error = OpenAIError(status: 502, message: "gone", type: "upstream_error")
        let early = ResponseStream()
        early.finish(error.frame, end: .failed(error))
        guard case .failed(let told) = await early.opening() else {
            Issue.record("it failed")
            return
        }
        #expect(told.status == 502)
        #expect(await early.next() == nil)

        // A comment has committed the status already.
        let late = ResponseStream()
        _ = late.beat(now: .now + .seconds(11))
        #expect(await late.next() == ServerSentEvents.keepAlive)
        late.finish(error.frame, end: .failed(error))
        #expect(await late.next() == error.frame)
        #expect(await late.next() == nil)
    }

    @Test func aClosedStreamWakesBothSides() async throws {
        let stream = ResponseStream()
        let consumer = Task { await stream.next() }
        let piece = [UInt8](repeating: 1, count: 300_000)
        try await stream.send(piece)
        #expect(await consumer.value == piece)
        let producer = Task {
            do {
                try await stream.send(piece)
                try await stream.send(piece)
                return false
            } catch {
                return true
            }
        }
        stream.close()
        #expect(await producer.value)
        #expect(await stream.next() == nil)
    }

    @Test func aReaderThatStandsStillIsToldOfAndACancelledProducerDoesNotWait() async throws {
        let start = ContinuousClock.now
        let stream = ResponseStream()
        let piece = [UInt8](repeating: 1, count: 300_000)
        let producer = Task { try await stream.send(piece) }
        guard case .bytes = await stream.opening() else {
            Issue.record("there are bytes")
            return
        }
        #expect(!stream.beat(now: start + .seconds(59)))
        #expect(stream.beat(now: .now + .seconds(61)))
        producer.cancel()
        try await producer.value
        // What was said and the last words are still there for a reader that wakes up.
        stream.finish([7], end: .cancelled(.shutDown))
        #expect(await stream.next() == piece + [7])
        #expect(await stream.next() == nil)
    }

    @Test func aShutdownBeforeTheFirstByteIs503() async throws {
        let stream = ResponseStream()
        stream.finish([], end: .cancelled(.shutDown))
        guard case .failed(let error) = await stream.opening() else {
            Issue.record("it failed")
            return
        }
        #expect(error.status == 503)
    }
}
