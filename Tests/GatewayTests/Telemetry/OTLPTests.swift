// What is written for a collector, without one.

import JSON
import Testing

@testable import Conversation
@testable import Gateway

@Suite struct OTLPTests {
    /// Bytes that protobuf's documentation has for its examples.
    @Test func numbersAreWrittenAsProtobufHasThem() {
        #expect(OTLPMessage([(1, "a", .integer(150))]).protobuf == [0x08, 0x96, 0x01])
        #expect(OTLPMessage([(2, "b", .text("testing"))]).protobuf == [0x12, 0x07] + Array("testing".utf8))
        #expect(
            OTLPMessage([(3, "c", .message(OTLPMessage([(1, "a", .integer(150))])))]).protobuf
                == [0x1A, 0x03, 0x08, 0x96, 0x01]
        )
        #expect(OTLPMessage([(1, "a", .integer(-1))]).protobuf.count == 11)
        #expect(OTLPMessage([(16, "f", .fixed32(0x301))]).protobuf == [0x85, 0x01, 0x01, 0x03, 0, 0])
        #expect(
            OTLPMessage([(6, "r", .fixed64s([1, 2]))]).protobuf
                == [0x32, 16, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
        )
        #expect(OTLPMessage([(5, "d", .real(1))]).protobuf == [0x29, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
    }

    @Test func bucketsAreCountedEachByItself() throws {
        let histogram = Histogram([1, 5])
        for value in [0.5, 1, 3, 7, 8] { histogram.observe(value) }
        let series = try #require(HistogramSeries.of(histogram.samples([.init("k", "v")])).first)
        #expect(series.bounds == [1, 5])
        #expect(series.counts == [2, 1, 2])
        #expect(series.sum == 19.5)
        #expect(series.labels == [.init("k", "v")])
    }

    @Test func namesAreOpenTelemetrys() {
        func name(_ name: String, _ kind: MetricFamily.Kind) -> OTLPName { OTLPName(MetricFamily(name, "", kind, 1)) }
        #expect(name("opsgate_cost_total", .counter).name == "opsgate_cost")
        let wait = name("gen_ai_server_time_to_first_token_seconds", .histogram)
        #expect(wait.name == "gen_ai.server.time_to_first_token" && wait.unit == "s")
        #expect(name("gen_ai_client_token_usage", .histogram).unit == "{token}")
        #expect(name("process_resident_memory_bytes", .gauge).unit == "By")
        #expect(name("some_total", .gauge).name == "some_total")
        #expect(OTLPName.label("error_type") == "error.type" && OTLPName.label("route") == "route")
    }

    @Test func theQueueIsBoundedAndKeepsItsOrder() async {
        let queue = SpanQueue(limit: 5, batch: 2)
        for id in 1...7 { queue.put(.numbered(UInt64(id))) }
        #expect(queue.dropped == 2)
        let first = queue.take()
        #expect(first.map(\.id) == [1, 2])
        // What is being sent counts, or a lost collector would let it grow.
        queue.put(.numbered(8))
        #expect(queue.dropped == 3)
        queue.putBack(first)
        #expect(queue.take().map(\.id) == [1, 2])
        queue.settle()
        queue.put(.numbered(9))
        #expect(queue.count == 4)
        await queue.wait(.seconds(600))
        #expect(queue.take().map(\.id) == [3, 4])
        queue.settle()
        #expect(queue.take().map(\.id) == [5, 9])
        queue.settle()
        queue.close()
        await queue.wait(.seconds(600))
    }

    /// The timer may be over before anybody waits for it.
    @Test(.timeLimit(.minutes(10))) func aWaitOfNoTimeAlwaysEnds() async {
        let queue = SpanQueue(limit: 5, batch: 5)
        for _ in 0..<300 { await queue.wait(.zero) }
        // A time that is over is not the next one's.
        let next = Task { await queue.wait(.seconds(600)) }
        next.cancel()
        await next.value
    }

    @Test func theWaitIsTheCollectorsOrOurs() {
        #expect(OTLPSender.wait("7") == .seconds(7))
        #expect(OTLPSender.wait("100000") == .seconds(300))
        #expect(OTLPSender.wait("-1") == nil && OTLPSender.wait("Fri, 31 Dec 1999 23:59:59 GMT") == nil)
        var backOff = OTLPBackOff()
        let pauses = (0..<8).map { _ in backOff.pause(after: nil, chance: 1) }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
        #expect(backOff.pause(after: .seconds(60), chance: 0.5) == .seconds(60))
    }

    @Test func aRequestsSpanWaitsForWhoeverHoldsIt() throws {
        let heard = Heard()
        let trace = TraceContext(TraceContext(), isSampled: true) { heard.add($0) }
        let recorder = try #require(trace.recorder)
        recorder.hold()
        recorder.end("GET /x", [], isFault: .oursInternal)
        #expect(heard.spans.isEmpty)
        recorder.say([SpanAttribute("a", 1)], error: .callerCancelled)
        recorder.release()
        recorder.end("GET /x", [], isFault: nil)
        let span = try #require(heard.spans.first)
        #expect(heard.spans.count == 1)
        #expect(span.id == trace.span && span.parent == 0 && !span.hasRemoteParent)
        #expect(!span.isError)
        #expect(span.attributes == [SpanAttribute("a", 1), .error(.callerCancelled)])
        #expect(TraceContext(TraceContext(), isSampled: false) { heard.add($0) }.recorder == nil)
    }
}

extension Span {
    fileprivate static func numbered(_ id: UInt64) -> Span {
        Span(
            high: 1,
            low: 2,
            id: id,
            parent: 0,
            hasRemoteParent: false,
            name: "n",
            kind: .internal,
            start: 0,
            end: 1,
            attributes: [],
            isError: false
        )
    }
}
