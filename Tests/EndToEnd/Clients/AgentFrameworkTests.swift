// Frameworks that people build agents with, from PyPI, against a bot and against a model route: langchain-openai,
// pydantic-ai and openai-agents. Facts, tool round trips and usage, not only that nothing is raised.

import JSON
import Support
import Testing

@Suite struct AgentFrameworkTests {
    /// Runs a script that ends with `all good`; `url`, `key` and the `model` under test are there.
    private func run(_ script: String, _ gateway: Gateway, model: String) async throws {
        let prelude = """
            import asyncio, json, os, sys
            url, key, model = sys.argv[1:4]

            """
        let python = try await PythonEnvironment.agents()
        let result = try await python.run(
            prelude + script + "\nprint(\"all good\")\n",
            ["http://127.0.0.1:\(gateway.port)/v1", gateway.secret, model],
            environment: [
                "OPENAI_AGENTS_DISABLE_TRACING": "1", "LANGSMITH_TRACING": "false", "OPENAI_API_KEY": "unused",
            ]
        )
        #expect(result.output.contains("all good"), "\(model): \(result.output)\(result.errors)")
    }

    /// A bot with live facts and the offline model.
    private func withFacts(_ script: String) async throws {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        try await run(script, gateway, model: "ops-assistant-bot")
        try await gateway.stop()
    }

    /// Answers in two rounds, a call of the client's tool and a text, for a bot and for a model; then what the books say.
    private func withTools(_ script: String, rounds: [String]) async throws {
        let upstream = try await ScriptedUpstream.start()
        let gateway = try await Gateway.start(upstream: upstream.baseURL)
        for model in ["ops-assistant-bot", "default"] {
            try await upstream.script("{\"queue\":[\(rounds.joined(separator: ","))]}")
            try await run(script, gateway, model: model)
        }
        let stats = try await upstream.stats()
        #expect(stats.refused == 0, "what reached the upstream was well formed")
        #expect(stats.requests == 2 * rounds.count, "nothing was tried twice")
        let rows = try await gateway.usage(atLeast: 2 * rounds.count)
        #expect(rows.allSatisfy { $0["outcome"] == "finished" && $0["is_estimated"] == "0" })
        #expect(rows.reduce(0) { $0 + (Int($1["prompt_tokens"] ?? "") ?? 0) } == stats.prompt_tokens)
        try await gateway.stop()
        try await upstream.stop()
    }

    private static let weather =
        #"{"tool_calls":[{"id":"c1","name":"weather","arguments":{"city":"Oslo"}},{"id":"c2","name":"weather","arguments":{"city":"Rome"}}],"arguments_every":3}"#
    private static let told = #"{"text":["Oslo is cold, ","Rome is warm."]}"#

    // MARK: langchain-openai

    private static let langchain = """
        from langchain_openai import ChatOpenAI
        from langchain_core.messages import HumanMessage, ToolMessage
        from langchain_core.tools import tool
        chat = ChatOpenAI(model=model, base_url=url, api_key=key, stream_usage=True)

        """

    @Test func langchainHearsFacts() async throws {
        try await withFacts(
            Self.langchain + """
                answer = chat.invoke("what is firing?")
                assert "web-01" in answer.content, answer
                assert answer.usage_metadata["total_tokens"] > 0, answer
                assert answer.response_metadata["finish_reason"] == "stop", answer
                whole = None
                pieces = 0
                for piece in chat.stream("what is firing?"):
                    whole = piece if whole is None else whole + piece
                    pieces += bool(piece.content)
                assert "**9 alerts" in whole.content and pieces > 3, whole
                assert whole.usage_metadata["total_tokens"] > 0, whole
                async def several():
                    return await asyncio.gather(*(chat.ainvoke("how many alerts are firing?") for _ in range(4)))
                assert all("9" in each.content for each in asyncio.run(several()))
                """
        )
    }

    @Test func langchainCallsTools() async throws {
        try await withTools(
            Self.langchain + """
                @tool
                def weather(city: str) -> str:
                    "The weather in a city."
                    return {"Oslo": "cold", "Rome": "warm"}[city]
                bound = chat.bind_tools([weather])
                messages = [HumanMessage("how is it in Oslo and Rome?")]
                whole = None
                for piece in bound.stream(messages):
                    whole = piece if whole is None else whole + piece
                assert [(c["name"], c["args"]) for c in whole.tool_calls] == [
                    ("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})], whole
                assert not whole.invalid_tool_calls
                assert whole.usage_metadata["input_tokens"] == 12 and whole.usage_metadata["output_tokens"] == 7, whole
                messages.append(whole)
                for call in whole.tool_calls:
                    messages.append(weather.invoke(call))
                answer = bound.invoke(messages)
                assert answer.content == "Oslo is cold, Rome is warm.", answer
                assert answer.usage_metadata["input_token_details"]["cache_read"] == 3, answer
                assert answer.usage_metadata["output_token_details"]["reasoning"] == 2, answer
                """,
            rounds: [Self.weather, Self.told]
        )
    }

    @Test func langchainReadsStructuredAnswers() async throws {
        try await withTools(
            Self.langchain + """
                from pydantic import BaseModel
                class City(BaseModel):
                    name: str
                    people: int
                assert chat.with_structured_output(City).invoke("Oslo?") == City(name="Oslo", people=717710)
                called = chat.with_structured_output(City, method="function_calling").invoke("Rome?")
                assert called == City(name="Rome", people=2746984), called
                """,
            rounds: [
                #"{"text":["{\"name\":\"Oslo\",","\"people\":717710}"]}"#,
                #"{"tool_calls":[{"id":"c","name":"City","arguments":{"name":"Rome","people":2746984}}]}"#,
            ]
        )
    }

    // MARK: pydantic-ai

    private static let pydantic = """
        from pydantic import BaseModel
        from pydantic_ai import Agent
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider
        chat = OpenAIChatModel(model, provider=OpenAIProvider(base_url=url, api_key=key))

        """

    @Test func pydanticHearsFacts() async throws {
        try await withFacts(
            Self.pydantic + """
                agent = Agent(chat)
                result = agent.run_sync("what is firing?")
                assert "web-01" in result.output, result.output
                assert result.usage.requests == 1 and result.usage.input_tokens > 0, result.usage
                async def streamed():
                    async with agent.run_stream("what is firing?") as stream:
                        pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
                        return pieces, stream.usage
                pieces, usage = asyncio.run(streamed())
                assert "**9 alerts" in "".join(pieces) and len(pieces) > 1, pieces
                assert usage.output_tokens > 0, usage
                """
        )
    }

    @Test func pydanticCallsToolsAndReadsStructuredAnswers() async throws {
        try await withTools(
            Self.pydantic + """
                class Report(BaseModel):
                    cities: list[str]
                    coldest: str
                agent = Agent(chat, output_type=Report)
                asked = []
                @agent.tool_plain
                def weather(city: str) -> str:
                    "The weather in a city."
                    asked.append(city)
                    return {"Oslo": "cold", "Rome": "warm"}[city]
                result = agent.run_sync("how is it in Oslo and Rome?")
                assert sorted(asked) == ["Oslo", "Rome"], asked
                assert result.output == Report(cities=["Oslo", "Rome"], coldest="Oslo"), result.output
                assert result.usage.requests == 2 and result.usage.tool_calls == 2, result.usage
                assert (result.usage.input_tokens, result.usage.output_tokens) == (24, 14), result.usage
                """,
            rounds: [
                Self.weather,
                #"{"tool_calls":[{"id":"c3","name":"final_result","arguments":{"cities":["Oslo","Rome"],"coldest":"Oslo"}}]}"#,
            ]
        )
    }

    // MARK: openai-agents

    private static let agents = """
        from agents import Agent, Runner, OpenAIChatCompletionsModel, ModelSettings, function_tool, set_tracing_disabled
        from openai import AsyncOpenAI
        from openai.types.responses import ResponseTextDeltaEvent
        from pydantic import BaseModel
        set_tracing_disabled(True)
        chat = OpenAIChatCompletionsModel(model=model, openai_client=AsyncOpenAI(base_url=url, api_key=key))
        settings = ModelSettings(include_usage=True)

        async def streamed(agent, text):
            run = Runner.run_streamed(agent, text)
            deltas = []
            async for event in run.stream_events():
                if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
                    deltas.append(event.data.delta)
            return run, deltas

        """

    @Test func openAIAgentsHearFacts() async throws {
        try await withFacts(
            Self.agents + """
                agent = Agent(name="ops", instructions="Answer.", model=chat, model_settings=settings)
                async def main():
                    run = await Runner.run(agent, "what is firing?")
                    assert "web-01" in run.final_output, run.final_output
                    assert run.context_wrapper.usage.total_tokens > 0, run.context_wrapper.usage
                    run, deltas = await streamed(agent, "what is firing?")
                    assert "**9 alerts" in "".join(deltas) and len(deltas) > 1, deltas
                    assert run.final_output == "".join(deltas)
                    assert run.context_wrapper.usage.total_tokens > 0, run.context_wrapper.usage
                asyncio.run(main())
                """
        )
    }

    @Test func openAIAgentsCallToolsAndReadStructuredAnswers() async throws {
        try await withTools(
            Self.agents + """
                class Report(BaseModel):
                    coldest: str
                asked = []
                @function_tool
                def weather(city: str) -> str:
                    "The weather in a city."
                    asked.append(city)
                    return {"Oslo": "cold", "Rome": "warm"}[city]
                agent = Agent(name="ops", model=chat, model_settings=settings, tools=[weather])
                typed = Agent(name="typed", model=chat, model_settings=settings, output_type=Report)
                async def main():
                    run, deltas = await streamed(agent, "how is it in Oslo and Rome?")
                    assert sorted(asked) == ["Oslo", "Rome"], asked
                    assert run.final_output == "Oslo is cold, Rome is warm.", run.final_output
                    usage = run.context_wrapper.usage
                    assert (usage.requests, usage.input_tokens, usage.output_tokens) == (2, 24, 14), usage
                    assert usage.input_tokens_details.cached_tokens == 6, usage
                    run = await Runner.run(typed, "which is the coldest?")
                    assert run.final_output == Report(coldest="Oslo"), run.final_output
                asyncio.run(main())
                """,
            rounds: [Self.weather, Self.told, #"{"text":["{\"coldest\":","\"Oslo\"}"]}"#]
        )
    }
}
