// Whatever happens, `error_type` is one of the closed set, and what is known has a word of its own.

import OpenAIProtocol
import Providers
import Storage
import Testing

@testable import Conversation

@Suite struct ErrorTypeTests {
    private static let kinds: [ProviderFailure.Kind] = [
        .rateLimited, .quotaExceeded, .unauthorized, .badRequest, .contextTooLong, .modelNotFound, .overloaded,
        .serverError, .timeout, .connectionFailed, .connectionLost, .malformed, .cancelled, .misconfigured,
        .requestTooLarge,
    ]

    @Test func theSetIsTheOneOfTheDocuments() {
        #expect(
            Set(ErrorType.allCases.map(\.rawValue)) == [
                "caller_invalid_request", "caller_model_unknown", "caller_cancelled", "caller_too_large",
                "policy_rate_limited", "policy_budget_exceeded", "policy_access_denied", "policy_concurrency",
                "provider_auth_failed", "provider_rate_limited", "provider_quota", "provider_overloaded",
                "provider_server_error", "provider_timeout", "provider_connection_failed", "provider_malformed",
                "provider_context_too_long", "provider_credentials_exhausted", "ours_internal", "ours_overloaded",
                "ours_shutdown", "ours_misconfigured", "_OTHER",
            ]
        )
        #expect(ErrorType.allCases.map(\.index) == Array(ErrorType.allCases.indices))
    }

    @Test(arguments: kinds) func everyFailureOfAProviderHasItsWord(_ kind: ProviderFailure.Kind) {
        for isNamed in [true, false] {
            let failure = ProviderFailure(kind, "x", provider: "p")
            #expect(ErrorType(failure, isNamedByCaller: isNamed) != .other)
            // What the client is told of it has one, too.
            #expect(ErrorType(OpenAIError(failure)) != .other)
        }
    }

    /// The same words, whatever codes and statuses are put together.
    @Test func everyErrorHasAWord() {
        var generator = SystemRandomNumberGenerator()
        let codes: [String?] = [
            nil, "", "model_not_found", "context_length_exceeded", "request_too_large", "insufficient_quota",
            "rate_limit_exceeded", "turn_timeout", "upstream_timeout", "upstream_error", "overloaded", "\u{0}",
            "content_filter",
        ]
        for status in 400..<600 {
            let code = codes.randomElement(using: &generator) ?? nil
            let error = OpenAIError(status: status, message: "x", type: "t", code: code)
            #expect(ErrorType(error) != .other, "\(status) \(code ?? "-")")
        }
        for error in [
            OpenAIError.invalid("x", param: nil), .forbidden("x"), .modelNotFound("m"), .tooLarge(limit: 1),
            .overloaded("x"), .internal(),
        ] { #expect(ErrorType(error) != .other) }
        #expect(ErrorType(OpenAIError(status: 200, message: "x", type: "t")) == .other)
    }

    @Test func endsThatAreNobodysFaultHaveNone() {
        #expect(ErrorType(TurnEnd.finished) == nil)
        #expect(ErrorType(TurnEnd.cancelled(.clientGone)) == .callerCancelled)
        #expect(ErrorType(TurnEnd.cancelled(.shutDown)) == .oursShutdown)
    }

    @Test(arguments: [
        (ProviderFailure.Kind.unauthorized, "provider_auth_failed"), (.malformed, "provider_malformed"),
        (.connectionFailed, "provider_connection_failed"), (.timeout, "provider_timeout"),
        (.rateLimited, "provider_rate_limited"), (.modelNotFound, "ours_misconfigured"),
        (.contextTooLong, "provider_context_too_long"), (.badRequest, "caller_invalid_request"),
        (.requestTooLarge, "caller_too_large"),
    ]) func theRowSaysWhoseFaultItWas(_ kind: ProviderFailure.Kind, _ type: String) async throws {
        try await withStage(ScriptedModel(.refuses(kind))) { stage in
            _ = await stage.run(try plan(bot: bot()))
            let row = try #require(try await stage.usage().first)
            #expect(try row.text("error_type") == type)
            #expect(try row.text("outcome") != "finished")
        }
    }
}
