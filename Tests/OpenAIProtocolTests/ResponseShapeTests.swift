// The small shapes: errors, usage, finish reasons, model cards, identities.

import JSON
import OpenAIProtocol
import Testing

@Suite struct ResponseShapeTests {
    @Test func anErrorHasAllFourMembers() throws {
        let error = OpenAIError(status: 400, message: "a \"b\"\n", type: "t")
        #expect(text(error.body) == #"{"error":{"message":"a \"b\"\n","type":"t","param":null,"code":null}}"#)
        let full = OpenAIError.invalid("m", param: "messages[0]", code: "c")
        #expect(
            try JSONValue(parsing: full.body)["error"]
                == ["message": "m", "type": "invalid_request_error", "param": "messages[0]", "code": "c"]
        )
        #expect(full.frame == Array("data: ".utf8) + full.body + Array("\n\n".utf8))
    }

    @Test(arguments: [
        (OpenAIError.forbidden("m"), 403, "permission_denied", "m"),
        (.modelNotFound("x"), 404, "model_not_found", "does not exist"),
        (.tooLarge(limit: 10), 413, "request_too_large", "larger than 10 bytes"),
        (.overloaded("busy"), 503, "overloaded", "Service temporarily unavailable"),
        (.internal(), 500, "internal_error", "log"),
    ]) func statusAndCode(_ error: OpenAIError, _ status: Int, _ code: String, _ phrase: String) {
        #expect(error.status == status)
        #expect(error.code == code)
        #expect(error.message.contains(phrase))
    }

    @Test func overloadSaysWhenToComeBack() {
        #expect(OpenAIError.overloaded("busy").retryAfter == .seconds(1))
    }

    private func usage(_ json: String) throws -> Usage? { Usage(try JSONDocument(parsing: Array(json.utf8)).root) }

    @Test func usageInTheVendorsForms() throws {
        #expect(try usage("null") == nil)
        #expect(try usage("7") == nil)
        #expect(
            try usage(
                #"{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3},"completion_tokens_details":{"reasoning_tokens":1}}"#
            )
                == Usage(promptTokens: 5, completionTokens: 2, cachedTokens: 3, reasoningTokens: 1)
        )
        #expect(
            try usage(#"{"prompt_tokens":5,"prompt_cache_hit_tokens":4}"#) == Usage(promptTokens: 5, cachedTokens: 4)
        )
        #expect(try usage(#"{"prompt_tokens":-5,"completion_tokens":1.5,"prompt_tokens_details":null}"#) == Usage())
    }

    @Test func usageAddsUp() {
        var sum = Usage(promptTokens: 1, completionTokens: 2, cachedTokens: 3, reasoningTokens: 4)
        sum += Usage(promptTokens: 10, completionTokens: 20, cachedTokens: 30, reasoningTokens: 40, isEstimated: true)
        #expect(
            sum
                == Usage(
                    promptTokens: 11,
                    completionTokens: 22,
                    cachedTokens: 33,
                    reasoningTokens: 44,
                    isEstimated: true
                )
        )
        #expect(sum.totalTokens == 33)
    }

    /// A hostile count must not take the gateway down.
    @Test func hugeCountsDoNotOverflow() throws {
        let most = try #require(
            try usage(#"{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}"#)
        )
        var sum = most
        sum += most
        #expect(sum.totalTokens > 0)
        #expect(sum.promptTokens > 0)
    }

    @Test(arguments: [
        ("stop", FinishReason?.some(.stop)), ("end_turn", .stop), ("eos", .stop), ("length", .length),
        ("max_tokens", .length),
        ("tool_calls", .toolCalls), ("tool_use", .toolCalls), ("content_filter", .contentFilter),
        ("safety", .contentFilter),
        ("function_call", .functionCall),
        ("insufficient_system_resource", nil), ("abort", nil),
    ]) func finishReasons(_ word: String, _ reason: FinishReason?) {
        #expect(FinishReason(upstream: word) == reason)
    }

    @Test func aModelCardForLobeChat() {
        let list = ModelCard.list([ModelCard(id: "ops-bot", created: 5, displayName: "Ops", vision: true)])
        #expect(list["object"] == "list")
        let card = list["data"]?[0]
        #expect(card?["id"] == "ops-bot")
        #expect(card?["object"] == "model")
        #expect(card?["created"] == 5)
        #expect(card?["owned_by"] == "opsgate")
        #expect(card?["type"] == "chat")
        #expect(card?["functionCall"] == true)
        #expect(card?["vision"] == true)
        #expect(card?["contextWindowTokens"] == 128_000)
        #expect(card?["description"] == nil)
    }

    @Test func identitiesDiffer() {
        let ids = Set((0..<1000).map { _ in AnswerIdentity.makeID(prefix: "chatcmpl-") })
        #expect(ids.count == 1000)
        #expect(ids.allSatisfy { $0.utf8.count == 33 && $0.dropFirst(9).allSatisfy { $0.isLetter || $0.isNumber } })
    }
}
