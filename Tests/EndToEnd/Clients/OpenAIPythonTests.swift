// The real openai-python against the gateway.

import Support
import Testing

@Suite struct OpenAIPythonTests {
    private func run(_ script: String, _ gateway: Gateway) async throws -> CommandResult {
        let prelude = """
            import sys, json
            import openai
            from openai import OpenAI
            client = OpenAI(base_url=sys.argv[1], api_key=sys.argv[2])
            ask = [{"role": "user", "content": "what is firing?"}]

            """
        let python = try await PythonEnvironment.shared()
        return try await python.run(
            prelude + script,
            ["http://127.0.0.1:\(gateway.port)/v1", gateway.secret]
        )
    }

    @Test func wholeAndStreamedAnswersAndTheStreamHelper() async throws {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        let result = try await run(
            """
            whole = client.chat.completions.create(model="ops-assistant-bot", messages=ask)
            assert "web-01" in whole.choices[0].message.content, whole
            assert whole._request_id
            text, usage, last = "", None, None
            for chunk in client.chat.completions.create(
                model="ops-bot-001", messages=ask, stream=True, stream_options={"include_usage": True}
            ):
                if chunk.choices:
                    text += chunk.choices[0].delta.content or ""
                    last = chunk.choices[0].finish_reason or last
                if chunk.usage:
                    usage = chunk.usage
            assert "web-01" in text and "**9 alerts" in text, text
            assert last == "stop" and usage.total_tokens > 0
            with client.chat.completions.stream(model="ops-assistant-bot", messages=ask) as stream:
                for event in stream:
                    pass
                final = stream.get_final_completion()
            assert final.choices[0].message.role == "assistant", final
            assert "web-01" in final.choices[0].message.content
            assert [m.id for m in client.models.list()][:1], "models"
            assert client.models.retrieve("ops-assistant-bot").id == "ops-assistant-bot"
            print("all good")
            """,
            gateway
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        try await gateway.stop()
    }

    @Test func toolsOfTheClient() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            #"{"tool_calls":[{"id":"c1","name":"weather","arguments":{"city":"Oslo"}},{"id":"c2","name":"weather","arguments":{"city":"Rome"}}],"arguments_every":3,"interleaved":true}"#,
            #"{"text":"Cold and warm."}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let result = try await run(
            """
            tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
            with client.chat.completions.stream(model="ops-assistant-bot", messages=ask, tools=tools) as stream:
                for event in stream:
                    pass
                first = stream.get_final_completion()
            calls = first.choices[0].message.tool_calls
            assert first.choices[0].finish_reason == "tool_calls", first
            assert [(c.function.name, json.loads(c.function.arguments)["city"]) for c in calls] == [
                ("weather", "Oslo"), ("weather", "Rome")], calls
            assert len({c.id for c in calls}) == 2 and all(c.id.startswith("call_") for c in calls), calls
            messages = ask + [first.choices[0].message.model_dump(exclude_none=True, exclude={"parsed"})]
            for call in messages[1]["tool_calls"]:
                call["function"].pop("parsed_arguments", None)
            messages += [{"role": "tool", "tool_call_id": c.id, "content": "fine"} for c in calls]
            second = client.chat.completions.create(model="ops-assistant-bot", messages=messages, tools=tools)
            assert second.choices[0].message.content == "Cold and warm.", second
            print("all good")
            """,
            gateway
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func errorsAreTheLibrarysOwnExceptionsAndRetriesStop() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(
            #"{"default":{"status":429,"headers":{"retry-after-ms":"10"},"body":"{\"error\":{\"message\":\"slow\"}}"}}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let result = try await run(
            """
            def expect(kind, code, call):
                try:
                    call()
                except kind as error:
                    assert error.code == code, (error.code, error.body)
                    return error
                raise AssertionError(kind)

            expect(openai.NotFoundError, "model_not_found", lambda: client.chat.completions.create(model="nobody", messages=ask))
            error = expect(openai.BadRequestError, "invalid_type", lambda: client.chat.completions.create(
                model="default", messages=ask, temperature="hot"))
            assert error.param == "temperature", error.body
            expect(openai.AuthenticationError, "invalid_api_key", lambda: client.with_options(api_key="bkls_wrongwrongwrongwrongwrong").models.list())
            expect(openai.RateLimitError, "rate_limit_exceeded", lambda: client.chat.completions.create(model="default", messages=ask))
            print("all good")
            """,
            gateway
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        // The library tries three times, and the gateway tries each a second time after so short a Retry-After.
        #expect(try await upstream.stats().requests == 6)
        try await gateway.stop()
        try await upstream.stop()
    }

    /// A write tool that ran would run once for each of the library's attempts.
    @Test(
        "34. Whatever a turn fails with after a tool has run, the library does not have it again",
        arguments: ["429", "500", "limit"]
    ) func noSecondTurnBehindATool(_ fault: String) async throws {
        let upstream = try await ScriptedUpstream.start()
        let call = #""tool_calls":[{"id":"c","name":"alerts_count","arguments":{}}]"#
        let usage = #""usage":{"prompt_tokens":900000,"completion_tokens":1,"total_tokens":900001}"#
        let last = fault == "limit" ? #""never asked""# : #"{"status":\#(fault)}"#
        try await upstream.script("{\"queue\":[{\(call),\(usage)}],\"default\":\(last)}")
        let folder = try TemporaryFolder("once")
        // Without the offline model, which would answer in place of the one that is down.
        let file = try folder.write(
            """
            providers: [{name: a, kind: openai-compatible, base_url: "\(upstream.baseURL)"}]
            routes: {default: {targets: [{model: a/m}], retries: 0}}
            """,
            to: "providers.yaml"
        )
        let gateway = try await Gateway.start(environment: ["OPSGATE_PROVIDERS": file])
        if fault == "limit" {
            let limit = #"{"scope":"user","subject":"*","tokens_per_minute":500000}"#
            #expect(try await gateway.post("/api/v1/opspilot/limit_mgmt/limit/", limit).status == 200)
        }
        let result = try await run(
            """
            try:
                client.chat.completions.create(model="ops-assistant-bot", messages=ask)
            except openai.APIStatusError as error:
                assert error.status_code in (429, 502), error
                assert error.response.headers["x-should-retry"] == "false", error.response.headers
                print("all good")
            """,
            gateway
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        let rows = try await gateway.usage(atLeast: 1)
        #expect(rows.map { $0["tools"] } == ["alerts_count"], "one turn, in which it ran once")
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func aBrokenStreamRaisesInsteadOfLookingComplete() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"text":["one ","two ","three"],"die":{"at":700,"how":"close"},"delay_between":20}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let result = try await run(
            """
            try:
                for chunk in client.chat.completions.create(model="default", messages=ask, stream=True):
                    pass
            except openai.APIError as error:
                assert error.code == "upstream_error", error
                print("all good")
            """,
            gateway
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        try await gateway.stop()
        try await upstream.stop()
    }
}
