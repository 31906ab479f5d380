// The real clients of the Responses form: openai-python, the Agents SDK, LangChain.

import Support
import Testing

@Suite struct OpenAIResponsesTests {
    private static let prelude = """
        import sys, json
        import openai
        from openai import OpenAI
        from pydantic import BaseModel
        client = OpenAI(base_url=sys.argv[1], api_key=sys.argv[2])
        weather = {"type": "function", "name": "weather", "strict": True, "parameters": {"type": "object",
            "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}}

        """

    private func run(_ script: String, _ gateway: Gateway, in python: PythonEnvironment? = nil) async throws {
        let python = if let python { python } else { try await PythonEnvironment.shared() }
        let result = try await python.run(
            Self.prelude + script,
            ["http://127.0.0.1:\(gateway.port)/v1", gateway.secret],
            environment: ["OPENAI_AGENTS_DISABLE_TRACING": "1"]
        )
        #expect(result.output.contains("all good"), "\(result.output)\(result.errors)")
    }

    @Test func wholeStreamedAndTheStreamHelperOnTheOfflineModel() async throws {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        try await run(
            """
            whole = client.responses.create(model="ops-assistant-bot", input="what is firing?")
            assert "web-01" in whole.output_text and whole.status == "completed", whole
            assert whole.usage.total_tokens == whole.usage.input_tokens + whole.usage.output_tokens > 0
            text, numbers, last = "", [], None
            for event in client.responses.create(model="ops-bot-001", input="what is firing?", stream=True):
                numbers.append(event.sequence_number)
                if event.type == "response.output_text.delta":
                    text += event.delta
                last = event
            assert numbers == list(range(len(numbers))), numbers
            assert last.type == "response.completed" and last.response.output_text == text, last
            with client.responses.stream(model="ops-assistant-bot", input="what is firing?") as stream:
                for event in stream:
                    pass
                final = stream.get_final_response()
            assert "web-01" in final.output_text
            again = client.responses.retrieve(final.id)
            assert again.output_text == final.output_text and again.model == "ops-assistant-bot"
            follow = client.responses.create(
                model="ops-assistant-bot", input="what is firing?", previous_response_id=final.id)
            assert "web-01" in follow.output_text and follow.previous_response_id == final.id
            items = list(client.responses.input_items.list(follow.id))
            assert items[0].content[0].text == "what is firing?", items
            client.responses.delete(final.id)
            try:
                client.responses.create(model="ops-assistant-bot", input="x", previous_response_id=follow.id)
            except openai.BadRequestError as error:
                assert error.code == "previous_response_not_found", error.body
                print("all good")
            """,
            gateway
        )
        try await gateway.stop()
    }

    @Test func toolsOfTheClientAndParsedAnswers() async throws {
        let upstream = try await ScriptedUpstream.start()
        let calls =
            #"{"reasoning":["Hm","m."],"text":"Let me see.","tool_calls":[{"id":"c1","name":"weather","arguments":{"city":"Oslo"}},{"id":"c2","name":"weather","arguments":{"city":"Rome"}}],"arguments_every":3,"interleaved":true}"#
        try await upstream.queue(
            calls,
            #"{"text":"Cold and warm."}"#,
            calls,
            #"{"text":["{\"city\":","\"Oslo\"}"]}"#,
            #"{"text":"Cut","finish_reason":"length"}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        try await run(
            """
            with client.responses.stream(model="ops-assistant-bot", input="q", tools=[weather]) as stream:
                for event in stream:
                    pass
                first = stream.get_final_response()
            made = [item for item in first.output if item.type == "function_call"]
            assert [json.loads(c.arguments)["city"] for c in made] == ["Oslo", "Rome"], first
            assert len({c.call_id for c in made}) == 2
            assert first.output[0].type == "reasoning" and first.output[0].summary[0].text == "Hmm.", first
            results = [{"type": "function_call_output", "call_id": c.call_id, "output": "fine"} for c in made]
            second = client.responses.create(
                model="ops-assistant-bot", input=results, previous_response_id=first.id, tools=[weather])
            assert second.output_text == "Cold and warm.", second

            class City(BaseModel):
                city: str

            whole = client.responses.create(model="default", input="q", tools=[weather])
            told = [item.model_dump(exclude_none=True) for item in whole.output]
            results = [{"type": "function_call_output", "call_id": c["call_id"], "output": "fine"}
                for c in told if c["type"] == "function_call"]
            parsed = client.responses.parse(
                model="default", input=[{"role": "user", "content": "q"}] + told + results, text_format=City)
            assert parsed.output_parsed.city == "Oslo", parsed
            cut = client.responses.create(model="default", input="q", max_output_tokens=1)
            assert cut.status == "incomplete" and cut.incomplete_details.reason == "max_output_tokens", cut
            print("all good")
            """,
            gateway
        )
        #expect(try await upstream.stats().refused == 0)
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func anUpstreamThatDiesRaisesNothingButIsNeverComplete() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(#"{"text":["one ","two ","three"],"die":{"at":700,"how":"close"},"delay_between":20}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        try await run(
            """
            types = []
            for event in client.responses.create(model="default", input="x", stream=True):
                types.append(event.type)
                last = event
            assert types[-1] == "response.failed" and "response.completed" not in types, types
            assert last.response.status == "failed" and last.response.error.message, last
            print("all good")
            """,
            gateway
        )
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func anAgentWithAToolOfItsOwn() async throws {
        let upstream = try await ScriptedUpstream.start()
        let round = #"{"tool_calls":[{"id":"c1","name":"weather","arguments":{"city":"Oslo"}}]}"#
        try await upstream.queue(round, #"{"text":"Cold."}"#, round, #"{"text":["Co","ld."]}"#)
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        try await run(
            """
            import asyncio
            from agents import Agent, Runner, function_tool, set_default_openai_client, set_tracing_disabled
            from openai import AsyncOpenAI
            set_tracing_disabled(True)
            set_default_openai_client(AsyncOpenAI(base_url=sys.argv[1], api_key=sys.argv[2]))
            asked = []

            @function_tool(name_override="weather")
            def look(city: str) -> str:
                asked.append(city)
                return "cold in " + city

            async def main():
                agent = Agent(name="a", instructions="Be brief.", tools=[look], model="ops-assistant-bot")
                result = await Runner.run(agent, "weather in Oslo?")
                assert result.final_output == "Cold.", result
                streamed = Runner.run_streamed(agent, "weather in Oslo?")
                async for event in streamed.stream_events():
                    pass
                assert streamed.final_output == "Cold.", streamed
                assert asked == ["Oslo", "Oslo"], asked
                print("all good")

            asyncio.run(main())
            """,
            gateway,
            in: try await PythonEnvironment.agents()
        )
        #expect(try await upstream.stats().refused == 0)
        try await gateway.stop()
        try await upstream.stop()
    }

    @Test func langChainByWayOfResponses() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.queue(
            #"{"tool_calls":[{"id":"c1","name":"weather","arguments":{"city":"Oslo"}}]}"#,
            #"{"text":["Co","ld."]}"#,
            #"{"text":["Wa","rm."]}"#
        )
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        try await run(
            """
            from langchain_core.messages import HumanMessage, ToolMessage
            from langchain_openai import ChatOpenAI
            model = ChatOpenAI(
                model="ops-assistant-bot", base_url=sys.argv[1], api_key=sys.argv[2], use_responses_api=True)
            tool = {"type": "function", "function": {"name": "weather", "parameters": weather["parameters"]}}
            messages = [HumanMessage("weather in Oslo?")]
            first = model.bind_tools([tool]).invoke(messages)
            assert first.tool_calls[0]["args"] == {"city": "Oslo"}, first
            messages += [first, ToolMessage("cold", tool_call_id=first.tool_calls[0]["id"])]
            second = model.bind_tools([tool]).invoke(messages)
            assert second.text == "Cold." or second.text() == "Cold.", second
            text = ""
            for chunk in model.stream("and Rome?"):
                text += chunk.text if isinstance(chunk.text, str) else chunk.text()
            assert text == "Warm.", text
            print("all good")
            """,
            gateway,
            in: try await PythonEnvironment.agents()
        )
        #expect(try await upstream.stats().refused == 0)
        try await gateway.stop()
        try await upstream.stop()
    }
}
