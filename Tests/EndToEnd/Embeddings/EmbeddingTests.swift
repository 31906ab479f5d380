// Embeddings through the built gateway: the real clients, bots refused, clients that leave, upstreams that die.

import Foundation
import JSON
import Support
import Testing

@Suite struct EmbeddingTests {
    private static let path = "/v1/embeddings"

    @Test func openAIPythonAndLangChain() async throws {
        let upstream = try await ScriptedUpstream.start()
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let python = try await PythonEnvironment.shared()
        let result = try await python.run(
            """
            import sys, struct
            from openai import OpenAI, BadRequestError, NotFoundError
            client = OpenAI(base_url=sys.argv[1], api_key=sys.argv[2])
            single = lambda x: struct.unpack("<f", struct.pack("<f", x))[0]
            wanted = [1.0, single(0.1), single(-2.5e-07)]
            # Asks for base64 unless told otherwise, and decodes it.
            default = client.embeddings.create(model="default", input=["a", "b"])
            assert [d.index for d in default.data] == [0, 1], default
            assert list(default.data[1].embedding) == wanted, default.data[1].embedding
            floats = client.embeddings.create(model="openai/any", input=["a", "b"], encoding_format="float", dimensions=4, user="u")
            assert [single(x) for x in floats.data[1].embedding] == wanted + [3.0], floats
            assert floats.model == "openai/any" and floats.usage.prompt_tokens == floats.usage.total_tokens == 10, floats
            tokens = client.embeddings.create(model="default", input=[[1, 2], [3]])
            assert len(tokens.data) == 2
            for bad, field in [("", "input"), ([], "input"), (["a", ""], "input[1]")]:
                try:
                    client.embeddings.create(model="default", input=bad)
                    raise SystemExit("accepted")
                except BadRequestError as error:
                    assert error.param == field, error.body
            try:
                client.embeddings.create(model="ops-assistant-bot", input="x")
                raise SystemExit("accepted")
            except BadRequestError as error:
                assert error.param == "model" and "bot" in error.message, error.body
            try:
                client.embeddings.create(model="nobody", input="x")
                raise SystemExit("accepted")
            except NotFoundError as error:
                assert error.code == "model_not_found", error.body
            from langchain_openai import OpenAIEmbeddings
            chain = OpenAIEmbeddings(base_url=sys.argv[1], api_key=sys.argv[2], model="default", check_embedding_ctx_length=False)
            vectors = chain.embed_documents(["x", "y"])
            assert len(vectors) == 2 and vectors[1] == wanted, vectors
            print("all good")
            """,
            ["http://127.0.0.1:\(gateway.port)/v1", gateway.secret]
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        let rows = try await gateway.usage(atLeast: 4)
        #expect(rows.count == 4)
        #expect(rows.allSatisfy { $0["surface"] == "embeddings" && $0["outcome"] == "finished" })
        #expect(rows[0]["prompt_tokens"] == "10")
        let metrics = try await gateway.get("/metrics").text
        #expect(metrics.contains("gen_ai_operation_name=\"embeddings\""))
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func theOtherPathAndTheHeaders() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"usage_at":"missing"}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let answer = try await gateway.post(
            "/api/v1/opspilot/bot_mgmt/v1/embeddings",
            #"{"model":"default","input":"four by four","unknown":1}"#
        )
        #expect(answer.status == 200)
        #expect(answer.head["x-opsgate-provider"] == "openai")
        #expect(answer.head["x-opsgate-attempts"] == "1")
        #expect(answer.head["x-opsgate-ignored"] == "unknown")
        #expect(try answer.json["usage"]?["prompt_tokens"] == 3)
        let row = try #require(try await gateway.usage(atLeast: 1).first)
        #expect(row["is_estimated"] == "1")
        let offline = try await gateway.post(Self.path, #"{"model":"offline/ops","input":"x"}"#)
        #expect(offline.status == 400)
        #expect(try offline.json["error"]?["param"] == "model")
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func aClientThatLeavesCancelsTheUpstream() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"delay_before_head":30000}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let probe = try await HTTPProbe(port: gateway.port)
        try await probe.request(
            "POST",
            Self.path,
            headers: [gateway.authorization],
            body: Array(#"{"model":"default","input":"x"}"#.utf8)
        )
        try await eventually("the upstream works") {
            try await upstream.stats().answers_open == 1
        }
        await probe.close()
        try await eventually("the upstream saw the close", every: .milliseconds(2)) {
            try await upstream.stats().answers_cancelled == 1
        }
        let rows = try await gateway.usage(atLeast: 1)
        #expect(rows.count == 1)
        #expect(rows.first?["outcome"] == "client_gone")
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func aStopThatDoesNotWaitSaysWhoWasAsked() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"delay_before_head":30000}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL, environment: ["OPSGATE_DRAIN_SECONDS": "1"])
        async let answer = gateway.post(Self.path, #"{"model":"default","input":"x"}"#)
        try await eventually("the upstream works") {
            try await upstream.stats().answers_open == 1
        }
        gateway.process.signal(SIGTERM)
        let refused = try await answer
        #expect(refused.status == 503)
        #expect(refused.head["x-opsgate-provider"] == "openai")
        #expect(refused.head["x-opsgate-attempts"] == "1")
        #expect(try await gateway.process.wait() == .exited(0))
        try await upstream.stop()
    }

    @Test func anUpstreamThatDiesIsA502AndOneRow() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(#"{"default":{"die":{"at":20,"how":"reset"}}}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let answer = try await gateway.post(Self.path, #"{"model":"default","input":"x"}"#)
        #expect(answer.status == 502)
        #expect(try answer.json["error"]?["code"] == "upstream_error")
        let rows = try await gateway.usage(atLeast: 1)
        #expect(rows.count == 1)
        #expect(rows.first?["error_type"] == "provider_connection_failed")
        try await gateway.stop()
        try await upstream.stop()
    }
}
