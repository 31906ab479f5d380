// What rows add up to is what upstreams reported, whichever way turns end.

import OpenAIProtocol
import Providers
import Storage
import Support
import Synchronization
import Testing
import Tools

@testable import Conversation

@Suite struct AccountingTests {
    /// Sums of rows equal what the model reported, after turns that finished, broke, and were left.
    @Test(arguments: Engine.allCases) func sumsEqualWhatTheUpstreamReported(_ engine: Engine) async throws {
        let model = ScriptedModel(
            .calls("look"),
            .answers("a"),
            .breaks([[said("b"), counted(7, 3)]], .connectionLost),
            .breaks([[counted(100, 1)], [counted(100, 9), said("later")]], .malformed),
            .answers("c"),
            .hangs([[said("x"), counted(40, 5)]])
        )
        try await withStage(model, on: engine) { stage in
            for _ in 0..<4 { _ = await stage.run(try plan(bot: bot(), tools: [tool("look")])) }
            let last = try plan(bot: bot())
            let listener = Listener()
            let running = Task { await stage.run(last, listener).end }
            try await eventually("the last one is under way") { listener.text == "x" ? true : nil }
            running.cancel()
            _ = await running.value
            let rows = try await stage.usage()
            #expect(rows.count == 5)
            #expect(try rows.reduce(0) { try $0 + $1.int("prompt_tokens") } == 10 + 10 + 7 + 100 + 10 + 40)
            #expect(try rows.reduce(0) { try $0 + $1.int("completion_tokens") } == 2 + 2 + 3 + 9 + 2 + 5)
            #expect(try rows.allSatisfy { try $0.int("is_estimated") == 0 })
            #expect(
                try rows.map { try $0.optionalText("error_type") ?? "-" } == [
                    "-", "provider_connection_failed", "provider_malformed", "-", "caller_cancelled",
                ]
            )
            #expect(try rows[0].int("attempts") == 2)
            #expect(try rows[0].text("route") == "default")
            #expect(try rows[0].text("trace_id").count == 32)
            // Nobody knows what `up/model-1` costs.
            #expect(try rows[0].int("is_cost_known") == 0)
        }
    }

    /// An upstream that reports the prompt first and dies: the answer is estimated, the prompt is not.
    @Test func aReportThatFallsShortIsMadeUpFor() async throws {
        let model = ScriptedModel(.breaks([[counted(50, 0)], [said("twelve bytes")]], .connectionLost))
        try await withStage(model) { stage in
            _ = await stage.run(try plan(bot: bot()))
            let row = try #require(try await stage.usage().first)
            #expect(try row.int("prompt_tokens") == 50)
            #expect(try row.int("completion_tokens") == 3)
            #expect(try row.int("is_estimated") == 1)
        }
    }

    /// A trace that begins here is for our own books, unless somebody writes it down.
    @Test(arguments: [false, true]) func upstreamsHearOfATraceThatIsFollowed(_ isFollowed: Bool) async throws {
        let model = ScriptedModel(.answers("ok"))
        try await withStage(model) { stage in
            var plan = try plan(bot: bot())
            if isFollowed { plan.trace = TraceContext(TraceContext(), isSampled: false) { _ in } }
            _ = await stage.run(plan)
            #expect(model.calls.map { $0.traceParent != nil } == [isFollowed])
            #expect(try #require(try await stage.usage().first).text("trace_id") == plan.trace.traceID)
        }
    }

    @Test func roundsArePartOfTheCallersTrace() async throws {
        let model = ScriptedModel(.calls("look"), .answers("ok"))
        try await withStage(model) { stage in
            var plan = try plan(bot: bot(), tools: [tool("look")])
            plan.trace = TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            plan.trace.take(state: "rojo=00f067aa0ba902b7, congo=t61rcWkgMzE")
            _ = await stage.run(plan)
            let sent = model.calls.compactMap(\.traceParent)
            #expect(sent.count == 2 && Set(sent).count == 2)
            #expect(
                model.calls.map(\.traceState)
                    == [String?](repeating: "rojo=00f067aa0ba902b7, congo=t61rcWkgMzE", count: 2)
            )
            for header in sent {
                #expect(header.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-"))
                #expect(header.hasSuffix("-01") && header.count == 55)
                #expect(!header.contains("00f067aa0ba902b7"))
            }
            let row = try #require(try await stage.usage().first)
            #expect(try row.text("trace_id") == "4bf92f3577b34da6a3ce929d0e0e4736")
        }
    }

    @Test(arguments: [
        "", "00", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
    ]) func aTraceThatIsNoneBeginsANewOne(_ header: String) {
        let trace = TraceContext(header)
        #expect(!trace.traceID.hasPrefix("4bf92f35"))
        #expect(trace.parentSpan == 0)
        #expect(TraceContext(trace.header(span: 5)).traceID == trace.traceID)
    }

    @Test func laterVersionsAreRead() {
        let trace = TraceContext("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-more")
        #expect(trace.header(span: 1) == "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000001-01")
    }

    /// What comes of a `tracestate` beside a valid parent.
    private func state(_ header: String?) -> String? {
        var trace = TraceContext("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        trace.take(state: header)
        return TraceContext(trace, isSampled: true) { _ in }.state
    }

    @Test func aStateGoesOnAsItCame() {
        let most = (0..<32).map { "k\($0)=v" }.joined(separator: ",")
        let longest = "k=" + String(repeating: "v", count: 253) + ",l=" + String(repeating: "v", count: 254)
        for header in ["a=b", "tenant@sys=x y,0-_*/=!~", " a=b ,\t c=d,,", most, longest] {
            #expect(state(header) == header)
        }
    }

    @Test func aStateThatIsNoneGoesNowhere() {
        let many = (0..<33).map { "k\($0)=v" }.joined(separator: ",")
        let long = "k=" + String(repeating: "v", count: 253) + ",l=" + String(repeating: "v", count: 255)
        for header in [
            nil, "", ",", "a", "=b", "a=", "A=b", "_a=b", "a=b=c", "a=\u{e9}", "a=b\r\nX: y", "a=b,a=c", "a=b,c", many,
            long,
            String(repeating: "k", count: 257) + "=v", "k=" + String(repeating: "v", count: 257),
        ] {
            #expect(state(header) == nil, "\(header ?? "nil")")
        }
        // Nor does any without a parent.
        for parent in [nil, "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"] {
            var trace = TraceContext(parent)
            trace.take(state: "a=b")
            #expect(trace.state == nil)
        }
    }
}
