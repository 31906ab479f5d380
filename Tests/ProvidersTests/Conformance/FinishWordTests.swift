// Every word by which an upstream ends an answer (`clients.md` 5.1, 5.2, 5.5): a cut answer never looks complete.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(10))) struct FinishWordTests {
    private func openAI(_ word: String) -> (String, String) {
        let end = #""finish_reason":"\#(word)"}"#
        return (
            chunk(#"{"index":0,"delta":{"content":"a"}}"#) + chunk(#"{"index":0,"delta":{},"# + end)
                + "data: [DONE]\n\n",
            #"{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"# + end + "]}"
        )
    }

    private func anthropic(_ word: String) -> (String, String) {
        let stop = #""stop_reason":"\#(word)""#
        return (
            #"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}}"# + "\n\n"
                + #"data: {"type":"message_delta","delta":{\#(stop)}}"# + "\n\n" + #"data: {"type":"message_stop"}"#
                + "\n\n",
            #"{"content":[{"type":"text","text":"a"}],\#(stop)}"#
        )
    }

    private func gemini(_ word: String) -> (String, String) {
        let body = #"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"\#(word)"}]}"#
        return ("data: \(body)\n\n", body)
    }

    /// What is heard of an answer in pieces, and of one in one piece.
    private func hear(_ answer: (stream: String, whole: String), _ reader: some AnswerReader) -> [Heard] {
        var whole = reader
        var frames = EventReader(reader: reader, limit: 1 << 20)
        return [
            heard { (events) throws(ProviderFailure) in
                events += try frames.take(Array(answer.stream.utf8))
                events += try frames.end()
            },
            heard { (events) throws(ProviderFailure) in
                try whole.readWhole(Array(answer.whole.utf8), into: &events)
            },
        ]
    }

    private func heard(_ read: (inout [ModelEvent]) throws(ProviderFailure) -> Void) -> Heard {
        var events: [ModelEvent] = []
        do {
            try read(&events)
            return Heard(events)
        } catch {
            return Heard(failure: error.kind)
        }
    }

    private func expect(_ all: [Heard], _ finish: FinishReason?, or failure: ProviderFailure.Kind?) {
        for heard in all {
            #expect(heard.finishes == (finish.map { [$0] } ?? []))
            #expect(heard.failure == failure)
        }
    }

    @Test(arguments: [
        ("stop", FinishReason?.some(.stop), ProviderFailure.Kind?.none), ("length", .length, nil),
        ("tool_calls", .toolCalls, nil), ("content_filter", .contentFilter, nil), ("function_call", .functionCall, nil),
        ("sensitive", .contentFilter, nil), ("a word of tomorrow", .stop, nil),
        ("insufficient_system_resource", nil, .overloaded), ("abort", nil, .serverError), ("error", nil, .serverError),
        ("network_error", nil, .serverError),
    ]) func ofOpenAIsDialects(_ word: String, _ finish: FinishReason?, _ failure: ProviderFailure.Kind?) {
        expect(hear(openAI(word), ChunkReader(provider: "up")), finish, or: failure)
    }

    @Test(arguments: [
        ("end_turn", FinishReason.stop), ("stop_sequence", .stop), ("pause_turn", .stop), ("max_tokens", .length),
        ("model_context_window_exceeded", .length), ("tool_use", .toolCalls), ("refusal", .contentFilter),
    ]) func ofAnthropic(_ word: String, _ finish: FinishReason) {
        expect(hear(anthropic(word), AnthropicReader(provider: "up")), finish, or: nil)
    }

    @Test(arguments: [
        ("STOP", FinishReason?.some(.stop), ProviderFailure.Kind?.none), ("MAX_TOKENS", .length, nil),
        ("SAFETY", .contentFilter, nil), ("RECITATION", .contentFilter, nil), ("BLOCKLIST", .contentFilter, nil),
        ("PROHIBITED_CONTENT", .contentFilter, nil), ("SPII", .contentFilter, nil),
        ("MODEL_ARMOR", .contentFilter, nil),
        ("LANGUAGE", .contentFilter, nil), ("OTHER", .contentFilter, nil), ("IMAGE_SAFETY", .contentFilter, nil),
        ("IMAGE_PROHIBITED_CONTENT", .contentFilter, nil), ("IMAGE_RECITATION", .contentFilter, nil),
        ("IMAGE_OTHER", .contentFilter, nil), ("MALFORMED_FUNCTION_CALL", nil, .malformed),
        ("UNEXPECTED_TOOL_CALL", nil, .malformed), ("TOO_MANY_TOOL_CALLS", nil, .malformed),
        ("MISSING_THOUGHT_SIGNATURE", nil, .malformed), ("MALFORMED_RESPONSE", nil, .malformed),
    ]) func ofGemini(_ word: String, _ finish: FinishReason?, _ failure: ProviderFailure.Kind?) {
        expect(hear(gemini(word), GeminiReader(provider: "up")), finish, or: failure)
    }

    /// Before anything was said it is a refusal of the call, and the next target may answer. What a request can provoke
    /// does not shut the target for others.
    @Test(
        arguments: [Vendor.openAI, .azure],
        [
            ("insufficient_system_resource", ProviderFailure.Kind.overloaded, true),
            ("network_error", .serverError, true),
            ("error", .serverError, false), ("abort", .serverError, false),
        ]
    ) func atOnce(_ vendor: Vendor, _ end: (word: String, kind: ProviderFailure.Kind, breaks: Bool)) async throws {
        let base = ConformanceTests()
        let body =
            chunk(#"{"index":0,"delta":{"role":"assistant","content":""}}"#)
            + chunk(#"{"index":0,"delta":{},"finish_reason":"\#(end.word)"}"#) + "data: [DONE]\n\n"
        try await base.with(vendor, try TinyServer(answer("200 OK", "text/event-stream", body))) { provider in
            let failure = await #expect(throws: ProviderFailure.self) { try await provider.start(base.call()) }
            #expect(failure?.kind == end.kind)
            #expect(failure?.breaks == end.breaks)
        }
    }
}
