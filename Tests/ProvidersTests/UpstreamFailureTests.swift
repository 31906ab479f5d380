// What an upstream's refusal means: the kind by status and code, the text bounded and without keys.

import HTTPTransport
import Identity
import JSON
import Testing

@testable import Providers

@Suite struct UpstreamFailureTests {
    private func failure(_ status: Int, _ body: String = "", _ headers: HTTPHeaders = [:]) -> ProviderFailure {
        .from(status: status, headers: headers, body: Array(body.utf8), provider: "up")
    }

    @Test(arguments: [
        (400, ProviderFailure.Kind.badRequest), (401, .unauthorized), (402, .quotaExceeded), (403, .unauthorized),
        (404, .modelNotFound), (408, .timeout), (409, .badRequest), (413, .requestTooLarge), (422, .badRequest),
        (429, .rateLimited), (500, .serverError), (502, .serverError), (503, .overloaded), (504, .timeout),
        (529, .overloaded), (301, .serverError), (204, .serverError),
    ]) func byStatus(_ status: Int, _ kind: ProviderFailure.Kind) {
        #expect(failure(status).kind == kind)
        #expect(failure(status).status == status)
        #expect(failure(status).provider == "up")
    }

    @Test(arguments: [
        (400, #"{"error":{"message":"x","code":"context_length_exceeded"}}"#, ProviderFailure.Kind.contextTooLong),
        (400, #"{"error":{"message":"This model's maximum context length is 8 tokens"}}"#, .contextTooLong),
        (400, #"{"error":{"message":"prompt is too long: 9 tokens > 8"}}"#, .contextTooLong),
        (500, #"{"error":{"code":500,"message":"exceeds the available context size"}}"#, .contextTooLong),
        (429, #"{"error":{"message":"x","code":"insufficient_quota"}}"#, .quotaExceeded),
        (400, #"{"message":"flat","code":"invalid"}"#, .badRequest), (400, #"{"detail":"flat"}"#, .badRequest),
        (400, #"{"error":"only text"}"#, .badRequest),
    ]) func byCodeAndText(_ status: Int, _ body: String, _ kind: ProviderFailure.Kind) {
        #expect(failure(status, body).kind == kind)
    }

    @Test func whatTheUpstreamSaidIsTold() {
        let told = failure(
            400,
            #"{"error":{"message":"bad 'temperature'","type":"t","param":"temperature","code":"invalid_value"}}"#
        )
        #expect(told.message == "The provider up answered HTTP 400: bad 'temperature'")
        #expect(told.parameter == "temperature")
        #expect(told.code == "invalid_value")
        #expect(failure(400, #"{"detail":"flat words"}"#).message.contains("flat words"))
        #expect(failure(400, #"{"error":"only words"}"#).message.contains("only words"))
    }

    /// `gateways.md` (c) 30: what some gateways write for null, and statuses in quotes, are not passed on.
    @Test(arguments: ["None", "null", "", "400"]) func wordsThatSayNothing(_ word: String) {
        let told = failure(400, #"{"error":{"message":"bad","type":"None","param":"\#(word)","code":"\#(word)"}}"#)
        #expect(told.parameter == nil)
        #expect(told.code == nil)
        #expect(told.kind == .badRequest)
    }

    @Test func addressesAreForTheLog() {
        let told = ProviderFailure.from(
            TransferFailure(.couldNotConnect, "http://10.1.2.3:8000: Connection refused"),
            provider: "up"
        )
        #expect(told.message == "The provider up cannot be reached.")
        #expect(told.detail?.contains("10.1.2.3") == true)
    }

    @Test(arguments: [401, 403]) func keysAreNotEchoed(_ status: Int) {
        let told = failure(
            status,
            #"{"error":{"message":"Incorrect API key provided: sk-abc123","code":"invalid_api_key"}}"#
        )
        #expect(!told.message.contains("sk-"))
        #expect(told.message.contains("credentials"))
    }

    @Test(arguments: [
        (401, "{}", true), (403, "{}", false), (403, #"{"error":{"code":"invalid_api_key"}}"#, true),
        (400, #"{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}"#, true),
        (nil, #"{"error":{"code":403,"message":"moderated"}}"#, false), (nil, #"{"error":{"code":401}}"#, true),
        (nil, #"{"error":{"type":"permission_error"}}"#, false),
        (nil, #"{"error":{"type":"authentication_error"}}"#, true),
    ]) func whatIsOfTheKey(_ status: Int?, _ body: String, _ expected: Bool) throws {
        let view = try JSONDocument(parsing: Array(body.utf8)).root["error"]
        let failure = ProviderFailure.from(error: view, status: status, provider: "up")
        #expect(failure.kind == .unauthorized)
        #expect(failure.refusesKey == expected)
    }

    @Test func keysAreHiddenWhereTheyAreCutToo() {
        let key = "sk-0123456789abcdef"
        let said = String(repeating: "x", count: 590) + key
        let body = #"{"error":{"message":"\#(said)","param":"p \#(key)","code":"c \#(key)"}}"#
        let told = failure(400, body).hiding(Secret(key))
        #expect(told.message.hasSuffix("x***"))
        #expect(told.parameter == "p ***" && told.code == "c ***")
    }

    @Test func textIsBoundedAndHasNoControlCharacters() {
        let said = String(repeating: "x", count: 5000)
        #expect(failure(500, #"{"error":{"message":"a\u001b[31m\r\n\u0000\#(said)"}}"#).message.utf8.count < 700)
        #expect(
            failure(500, #"{"error":{"message":"a\u001b[31m\r\nb"}}"#).message.unicodeScalars.allSatisfy {
                $0.value >= 32
            }
        )
    }

    @Test(arguments: ["<html>502</html>", "", "[]", "null", "[1]", "\u{0}"]) func bodiesThatAreNoErrors(_ body: String)
    {
        #expect(failure(502, body).message == "The provider up answered HTTP 502")
    }

    @Test(arguments: [
        ("retry-after", "3", Duration.seconds(3)), ("Retry-After", "0.5", .milliseconds(500)),
        ("retry-after-ms", "250", .milliseconds(250)), ("x-ms-retry-after-ms", "1500", .milliseconds(1500)),
    ]) func retryAfter(_ name: String, _ value: String, _ expected: Duration) {
        #expect(failure(429, "", HTTPHeaders([(name: name, value: value)])).retryAfter == expected)
    }

    /// A date counts from the other side's clock, where that is told.
    @Test func retryAfterAsADate() {
        func wait(_ date: String, _ now: String) -> Duration? {
            failure(429, "", HTTPHeaders([(name: "Retry-After", value: date), (name: "Date", value: now)])).retryAfter
        }
        let now = "Wed, 21 Oct 2026 07:28:00 GMT"
        #expect(wait("Wed, 21 Oct 2026 07:28:40 GMT", now) == .seconds(40))
        #expect(wait("Wed, 21 Oct 2026 07:27:59 GMT", now) == .zero)
        #expect(wait("Wed, 21 Oct 2027 07:28:00 GMT", now) == nil)
        #expect(failure(429, "", ["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"]).retryAfter == .zero)
    }

    @Test(arguments: ["Wed, 21 Oct 2026", "07:28:00 GMT", "-1", "nan", "inf", "1e300", ""]) func retryAfterThatIsNoSpan(
        _ value: String
    ) {
        #expect(failure(429, "", ["Retry-After": value]).retryAfter == nil)
    }

    @Test(arguments: [
        (TransferFailure.Kind.cancelled, ProviderFailure.Kind.cancelled), (.shutDown, .cancelled),
        (.connectTimeout, .connectionFailed), (.firstByteTimeout, .timeout), (.idleTimeout, .timeout),
        (.totalTimeout, .timeout),
        (.connectionLost, .connectionLost), (.couldNotConnect, .connectionFailed),
        (.couldNotResolve, .connectionFailed),
        (.tls, .misconfigured), (.invalidURL, .misconfigured), (.responseTooLarge, .malformed),
        (.protocolError, .malformed),
    ]) func ofTransfers(_ kind: TransferFailure.Kind, _ expected: ProviderFailure.Kind) {
        #expect(ProviderFailure.from(TransferFailure(kind, "m"), provider: "up").kind == expected)
    }

    @Test func onlyRefusalsAreFinal() {
        let final: Set<ProviderFailure.Kind> = [.badRequest, .contextTooLong, .cancelled]
        let kinds: [ProviderFailure.Kind] = [
            .rateLimited, .quotaExceeded, .unauthorized, .badRequest, .contextTooLong, .modelNotFound, .overloaded,
            .serverError, .timeout, .connectionFailed, .connectionLost, .malformed, .misconfigured, .cancelled,
            .requestTooLarge,
        ]
        for kind in kinds {
            #expect(ProviderFailure(kind, "m", provider: "p").isWorthAnotherTry == !final.contains(kind))
        }
    }
}
