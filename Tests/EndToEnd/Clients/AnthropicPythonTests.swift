// The real anthropic package against the gateway.

import Support
import Testing

@Suite struct AnthropicPythonTests {
    private func run(_ script: String, _ gateway: Gateway) async throws -> CommandResult {
        let prelude = """
            import sys, json
            import anthropic
            from anthropic import Anthropic
            client = Anthropic(base_url=sys.argv[1], api_key=sys.argv[2])
            ask = [{"role": "user", "content": "what is firing?"}]

            def same(a, b, *, tokens=True):
                keep = lambda m: {k: v for k, v in m.model_dump().items() if k not in ("id",) + (() if tokens else ("usage",))}
                assert keep(a) == keep(b), (keep(a), keep(b))


            """
        let python = try await PythonEnvironment.shared()
        return try await python.run(
            prelude + script,
            ["http://127.0.0.1:\(gateway.port)", gateway.secret]
        )
    }

    @Test func aBotTellsAlertFactsWholeAndStreamed() async throws {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        let result = try await run(
            """
            whole = client.messages.create(model="ops-assistant-bot", max_tokens=1000, messages=ask)
            assert whole.type == "message" and whole.role == "assistant" and whole.id.startswith("msg_"), whole
            assert "web-01" in whole.content[0].text, whole
            assert whole.stop_reason == "end_turn" and whole.usage.output_tokens > 0, whole
            assert whole._request_id
            with client.messages.stream(model="ops-bot-001", max_tokens=1000, messages=ask) as stream:
                text = "".join(stream.text_stream)
                final = stream.get_final_message()
            assert "web-01" in text and final.content[0].text == text, text
            assert final.stop_reason == "end_turn" and final.usage.input_tokens > 0, final
            bearer = Anthropic(base_url=sys.argv[1], auth_token=sys.argv[2], api_key=None)
            again = bearer.messages.create(
                model="ops-assistant-bot", max_tokens=1000, system=[{"type": "text", "text": "Be brief."}],
                messages=[{"role": "user", "content": [{"type": "text", "text": "what is firing?"}]}])
            assert "web-01" in again.content[0].text, again
            count = client.messages.count_tokens(model="ops-assistant-bot", messages=ask)
            assert count.input_tokens > 100, count
            models = {m.id: m for m in client.models.list()}
            assert models["ops-assistant-bot"].display_name and models["ops-assistant-bot"].type == "model", models
            assert client.models.retrieve("ops-assistant-bot").id == "ops-assistant-bot"
            print("all good")
            """,
            gateway
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        try await gateway.stop()
    }

    @Test func streamedEqualsWholeForThinkingTextAndCalls() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(
            #"{"default":{"reasoning":["hm","m"],"text":["Let ","me ","\u00e9\n\""],"tool_calls":[{"id":"a","name":"f","arguments":{"x":"}{","y":[1,{"z":null}]}},{"id":"b","name":"g","arguments":{}}],"arguments_every":2,"interleaved":true}}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let result = try await run(
            """
            tools = [{"name": n, "input_schema": {"type": "object"}} for n in ("f", "g")]
            for model in ("default", "ops-assistant-bot"):
                whole = client.messages.create(model=model, max_tokens=1000, messages=ask, tools=tools)
                assert [b.type for b in whole.content] == ["thinking", "text", "tool_use", "tool_use"], whole
                assert whole.content[2].input == {"x": "}{", "y": [1, {"z": None}]} and whole.content[3].input == {}, whole
                assert whole.stop_reason == "tool_use", whole
                u = whole.usage
                assert (u.input_tokens, u.cache_read_input_tokens, u.cache_creation_input_tokens, u.output_tokens) == (9, 3, 0, 7), u
                with client.messages.stream(model=model, max_tokens=1000, messages=ask, tools=tools) as stream:
                    kinds = [e.type for e in stream]
                    final = stream.get_final_message()
                assert kinds[0] == "message_start" and kinds[-1] == "message_stop", kinds
                if model == "default":
                    same(whole, final)
                else:
                    # Ids of a bot's calls are the gateway's own, new each time.
                    for message in (whole, final):
                        for block in message.content[2:]:
                            block.id = ""
                    same(whole, final)
            print("all good")
            """,
            gateway
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func toolsOfTheClientGoRoundBesideTheBotsOwn() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            #"{"tool_calls":[{"id":"own","name":"alerts_count","arguments":{}},{"id":"c1","name":"weather","arguments":{"city":"Oslo"}}]}"#,
            #"{"text":"Cold."}"#,
            #"{"text":"Seen."}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let result = try await run(
            """
            tools = [{"name": "weather", "description": "d", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]
            with client.messages.stream(model="ops-assistant-bot", max_tokens=100, messages=ask, tools=tools) as stream:
                first = stream.get_final_message()
            calls = [b for b in first.content if b.type == "tool_use"]
            assert first.stop_reason == "tool_use" and len(calls) == 1, first
            assert calls[0].name == "weather" and calls[0].input == {"city": "Oslo"}, calls
            png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
            image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": png}}
            messages = ask + [
                {"role": "assistant", "content": first.content},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": calls[0].id, "content": "fine"}]},
            ]
            second = client.messages.create(model="ops-assistant-bot", max_tokens=100, messages=messages, tools=tools)
            assert second.content[0].text == "Cold." and second.stop_reason == "end_turn", second
            messages += [{"role": "assistant", "content": second.content},
                         {"role": "user", "content": [{"type": "text", "text": "and this?"}, image]}]
            third = client.messages.create(model="default", max_tokens=100, messages=messages, tools=tools)
            assert third.content[0].text == "Seen.", third
            print("all good")
            """,
            gateway
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        let requests = String(decoding: try await upstream.requests(), as: UTF8.self)
        #expect(requests.contains("data:image/png;base64,iVBORw0KGgo"))
        #expect(try await upstream.stats().refused == 0)
        let rows = try await gateway.usage(atLeast: 3)
        #expect(rows.map { $0["outcome"] } == ["finished", "finished", "finished"])
        #expect(rows[0]["tools"] == "alerts_count")
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func errorsAreThePackagesOwnExceptionsAndABrokenStreamRaises() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(
            #"{"rules":[{"contains":"break","step":{"text":["one ","two ","three"],"die":{"at":700,"how":"close"},"delay_between":20}},{"contains":"busy","step":{"status":503}},{"contains":"broken","step":{"status":500}}],"default":{"status":429,"headers":{"retry-after-ms":"10"}}}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        let result = try await run(
            """
            client = client.with_options(max_retries=0)

            def expect(kind, status, type, text="hi", **members):
                try:
                    client.messages.create(**({"model": "default", "max_tokens": 10, "messages": [{"role": "user", "content": text}]} | members))
                except kind as error:
                    assert error.status_code == status, error
                    assert error.body["error"]["type"] == type, error.body
                    assert error.request_id and error.request_id == error.body["request_id"], error.body
                    return error
                raise AssertionError(kind)

            expect(anthropic.NotFoundError, 404, "not_found_error", model="nobody")
            error = expect(anthropic.BadRequestError, 400, "invalid_request_error", extra_body={"temperature": 7})
            assert "temperature" in error.message, error
            expect(anthropic.InternalServerError, 503, "overloaded_error", "busy")
            expect(anthropic.InternalServerError, 502, "api_error", "broken")
            seen = ""
            try:
                with client.messages.stream(model="default", max_tokens=10, messages=[{"role": "user", "content": "break"}]) as stream:
                    for text in stream.text_stream:
                        seen += text
                raise SystemExit("looked complete")
            except anthropic.APIStatusError as error:
                assert error.body["error"]["type"] == "api_error", error.body
            assert seen.startswith("one"), seen
            # Last: the gateway lets the key rest after it.
            expect(anthropic.RateLimitError, 429, "rate_limit_error")
            client = Anthropic(base_url=sys.argv[1], api_key="bkls_wrongwrongwrongwrongwrong", max_retries=0)
            expect(anthropic.AuthenticationError, 401, "authentication_error")
            print("all good")
            """,
            gateway
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
        try await gateway.stop()
        try await upstream.stop()
    }
}
