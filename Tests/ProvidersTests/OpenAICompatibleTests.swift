// The provider over a real connection: what it sends, and what it makes of every kind of answer.

import HTTPTransport
import Identity
import JSON
import OpenAIProtocol
import Support
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(10))) struct OpenAICompatibleTests {
    private static let stream = "text/event-stream"
    private static let finish = chunk(#"{"delta":{},"finish_reason":"stop"}"#) + "data: [DONE]\n\n"
    private static let whole =
        #"{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#

    /// Runs `body` with a provider for the server's address.
    private func withProvider(
        _ server: TinyServer,
        key: String? = nil,
        _ body: (OpenAICompatibleProvider) async throws -> Void
    ) async throws {
        let client = try HTTPClient()
        let provider = OpenAICompatibleProvider(
            configuration: .init(
                name: "up",
                baseURL: "http://127.0.0.1:\(server.port)/v1/",
                apiKey: key.map { Secret($0) }
            ),
            client: client
        )
        do {
            try await body(provider)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    private func call(stream: Bool) -> ModelCall {
        ModelCall(
            model: "m",
            messages: [Array(#"{"role":"user","content":"hi"}"#.utf8)],
            stream: stream,
            requestID: "req-9"
        )
    }

    /// Starts a round and hears it to its end.
    private func hear(_ provider: OpenAICompatibleProvider, stream: Bool) async -> Heard {
        var events: [ModelEvent] = []
        do throws(ProviderFailure) {
            let round = try await provider.start(call(stream: stream))
            while let some = try await round.next(patience: nil) { events += some }
            return Heard(events)
        } catch {
            var heard = Heard(events)
            heard.failure = error.kind
            return heard
        }
    }

    @Test(arguments: [true, false]) func theRequest(_ stream: Bool) async throws {
        let server = try TinyServer(
            stream ? answer("200 OK", Self.stream, Self.finish) : answer("200 OK", "application/json", Self.whole)
        )
        try await withProvider(server, key: "sk-test") { provider in
            _ = await hear(provider, stream: stream)
            let request = try #require(server.requests.first)
            let head = request.lowercased()
            #expect(request.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
            #expect(head.contains("\r\nauthorization: bearer sk-test\r\n"))
            #expect(head.contains("\r\nx-request-id: req-9\r\n"))
            #expect(head.contains("\r\ncontent-type: application/json\r\n"))
            #expect(head.contains("\r\naccept: \(stream ? "text/event-stream" : "application/json")\r\n"))
            #expect(
                request.hasSuffix(
                    String(decoding: OpenAICompatibleProvider.body(of: call(stream: stream)), as: UTF8.self)
                )
            )
        }
    }

    /// Whoever is not to know of traces learns neither the one nor the other.
    @Test(arguments: [true, false]) func traces(_ isSent: Bool) async throws {
        let server = try TinyServer(answer("200 OK", "application/json", Self.whole))
        let client = try HTTPClient()
        let url = "http://127.0.0.1:\(server.port)/v1//"
        let settings = ProviderSettings(
            name: "up",
            kind: .openAICompatible,
            baseURL: url,
            sendsTrace: isSent,
            origin: .file
        )
        var call = call(stream: false)
        call.traceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        call.traceState = "rojo=1"
        do {
            _ = try await ProviderFactory.make(settings, client: client).start(call)
        } catch {
            Issue.record("\(error)")
        }
        let head = try #require(server.requests.first).lowercased()
        #expect(head.contains("\r\ntraceparent: ") == isSent && head.contains("\r\ntracestate: rojo=1\r\n") == isSent)
        #expect(head.hasPrefix("post /v1/chat/completions "))
        await client.shutdown()
    }

    @Test func withoutAKeyThereIsNoAuthorization() async throws {
        let server = try TinyServer(answer("200 OK", "application/json", Self.whole))
        try await withProvider(server) { provider in
            _ = await hear(provider, stream: false)
            #expect(server.requests.first?.lowercased().contains("authorization") == false)
        }
    }

    @Test(arguments: [
        (Self.stream, chunk(#"{"delta":{"content":"a"}}"#) + Self.finish, true),
        // A whole answer where a stream was asked for, and the other way round.
        ("application/json; charset=utf-8", Self.whole, true), ("application/json", " \n" + Self.whole, false),
        (Self.stream, chunk(#"{"delta":{"content":"a"}}"#) + Self.finish, false),
    ]) func anAnswerInEitherForm(_ type: String, _ body: String, _ stream: Bool) async throws {
        try await withProvider(try TinyServer(answer("200 OK", type, body))) { provider in
            let heard = await hear(provider, stream: stream)
            #expect(heard.content == "a")
            #expect(heard.finishes == [.stop])
            #expect(heard.failure == nil)
        }
    }

    @Test(arguments: [
        (answer("200 OK", "text/html", "<html></html>"), ProviderFailure.Kind.connectionLost),
        (answer("200 OK", "application/json", "{}"), .malformed),
        (answer("200 OK", "application/json", "oops"), .malformed),
        (answer("200 OK", stream, "data: {\"error\":{\"message\":\"boom\"}}\n\n"), .serverError),
        (answer("200 OK", stream, chunk(#"{"delta":{"content":"a"}}"#)), .connectionLost),
        (answer("200 OK", stream, ""), .connectionLost), (answer("429 No", "application/json", "{}"), .rateLimited),
        (answer("500 No", "text/plain", "x"), .serverError), ("", .connectionLost),
    ]) func whatIsNoAnswer(_ bytes: String, _ kind: ProviderFailure.Kind) async throws {
        try await withProvider(try TinyServer(bytes)) { provider in
            #expect(await hear(provider, stream: true).failure == kind)
        }
    }

    @Test(arguments: [
        (answer("200 OK", "text/html", "<html></html>"), ProviderFailure.Kind.connectionLost),
        (answer("200 OK", "application/json", "{}"), .malformed),
        (answer("200 OK", "application/json", "{\"choices\":["), .malformed),
        (answer("200 OK", "application/json", #"{"error":{"message":"boom"}}"#), .serverError),
        (answer("400 No", "application/json", #"{"error":{"message":"bad","param":"seed"}}"#), .badRequest),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", .connectionLost),
    ]) func whatIsNoWholeAnswer(_ bytes: String, _ kind: ProviderFailure.Kind) async throws {
        try await withProvider(try TinyServer(bytes)) { provider in
            #expect(await hear(provider, stream: false).failure == kind)
        }
    }

    @Test func aKeyThatIsRepeatedIsMasked() async throws {
        let body = #"{"error":{"message":"no quota for sk-test-key today"}}"#
        try await withProvider(try TinyServer(answer("400 No", "application/json", body)), key: "sk-test-key") {
            provider in
            let failure = await #expect(throws: ProviderFailure.self) { try await provider.start(call(stream: true)) }
            #expect(failure?.message.contains("sk-test") == false)
            #expect(failure?.message.contains("no quota for ***") == true)
        }
    }

    /// A refusal must still be a status for the client: it comes from `start`, not from the round.
    @Test func anErrorAsFirstEventIsAFailureOfTheCall() async throws {
        let server = try TinyServer(answer("200 OK", Self.stream, "data: {\"error\":{\"message\":\"boom\"}}\n\n"))
        try await withProvider(server) { provider in
            await #expect(throws: ProviderFailure.self) { try await provider.start(call(stream: true)) }
        }
    }

    @Test func patienceAndCancelling() async throws {
        let server = try TinyServer(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + chunk(#"{"delta":{"content":"a"}}"#),
            holds: true
        )
        try await withProvider(server) { provider in
            let round = try await provider.start(call(stream: true))
            #expect(Heard(try await round.next(patience: nil) ?? []).content == "a")
            #expect(try await round.next(patience: .milliseconds(20))?.isEmpty == true)
            #expect(!server.hasSeenClose)
            round.cancel()
            round.cancel()
            try await eventually("the upstream sees it") { server.hasSeenClose ? true : nil }
            let failure = await #expect(throws: ProviderFailure.self) { try await round.next(patience: nil) }
            #expect(failure?.kind == .cancelled)
        }
    }

    @Test func nobodyListensThere() async throws {
        let port = try FreePort.take()
        let client = try HTTPClient()
        let provider = OpenAICompatibleProvider(
            configuration: .init(name: "up", baseURL: "http://127.0.0.1:\(port)/v1", apiKey: Secret("sk-test")),
            client: client
        )
        let failure = await #expect(throws: ProviderFailure.self) { try await provider.start(call(stream: true)) }
        #expect(failure?.kind == .connectionFailed)
        #expect(failure?.message.contains("sk-test") == false)
        await client.shutdown()
    }
}
