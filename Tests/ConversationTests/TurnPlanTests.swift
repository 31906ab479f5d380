// What a plan takes from the request, the bot and the caller, and what it refuses by name.

import Identity
import JSON
import OpenAIProtocol
import Providers
import Testing
import Tools

@testable import Conversation

@Suite struct TurnPlanTests {
    private func refused(_ members: String, tools: [Tool] = []) -> OpenAIError? {
        do {
            _ = try plan(members, bot: bot(), tools: tools)
            return nil
        } catch {
            return error as? OpenAIError
        }
    }

    @Test(arguments: [
        ("\"n\":2", "n"), ("\"audio\":{}", "audio"), ("\"prediction\":{}", "prediction"),
        ("\"modalities\":[\"text\",\"audio\"]", "modalities"), ("\"tool_choice\":\"required\"", "tool_choice"),
        (#""tool_choice":{"type":"function","function":{"name":"no"}},\#(clientTools)"#, "tool_choice.function.name"),
    ]) func whatABotCannotDo(_ members: String, _ field: String) {
        #expect(refused(members)?.status == 400)
        #expect(refused(members)?.param == field)
    }

    @Test(arguments: [
        "\"n\":1", "\"modalities\":[\"text\"]", "\"tool_choice\":\"none\"", "\"tool_choice\":\"auto\"",
        #""tool_choice":{"type":"function","function":{"name":"theirs"}},\#(clientTools)"#,
        "\"tool_choice\":\"required\",\(clientTools)",
    ]) func whatItCan(_ members: String) {
        #expect(refused(members) == nil)
    }

    @Test func aChoiceMayNameOurTool() {
        #expect(refused(#""tool_choice":{"type":"function","function":{"name":"look"}}"#, tools: [tool("look")]) == nil)
    }

    @Test func withoutABotSeveralAnswersArePassedOn() throws {
        #expect(try plan("\"n\":3", bot: nil).parameters == [.init(name: "n", json: Array("3".utf8))])
        #expect(try plan(bot: nil, tools: [tool("look")]).tools.isEmpty)
        #expect(try plan(bot: nil).systemPrompt == nil)
    }

    @Test func theRequestWinsOverTheBotsOptions() throws {
        let options = Bot.Options(temperature: 0.5, maxTokens: 100, showSteps: true)
        func names(_ members: String) throws -> [String] {
            try plan(members, bot: bot(options: options)).parameters
                .map { "\($0.name)=\(String(decoding: $0.json, as: UTF8.self))" }
        }
        #expect(try names("") == ["temperature=0.5", "max_tokens=100"])
        #expect(try names("\"temperature\":1") == ["temperature=1", "max_tokens=100"])
        #expect(try names("\"max_completion_tokens\":7") == ["max_completion_tokens=7", "temperature=0.5"])
        #expect(try plan(bot: bot(options: options)).showSteps)
        #expect(try plan(bot: bot()).showSteps == false)
    }

    @Test func onlyGrantedAndPermittedTools() throws {
        let viewer = Caller(
            userID: 1,
            username: "v",
            role: .viewer,
            teams: [1],
            credential: .init(kind: .token, name: "t")
        )
        let tools = [tool("alerts_list"), tool("alerts_close", permission: .alertsManage), tool("node_get")]
        #expect(try plan(bot: bot(["alerts_*"]), tools: tools).tools.map(\.name) == ["alerts_close", "alerts_list"])
        #expect(try plan(bot: bot(["alerts_*"]), tools: tools, caller: viewer).tools.map(\.name) == ["alerts_list"])
    }

    @Test func thePromptKnowsTheWorld() throws {
        var named = try bot(["look"])
        named = Bot(
            id: named.id,
            name: named.name,
            title: named.title,
            description: nil,
            model: named.model,
            prompt: try PromptTemplate("{{date}} {{time}} {{time_zone}} {{caller}} {{bot}} {{bot_title}} {{tools}}"),
            tools: named.tools,
            skills: [],
            limits: named.limits,
            options: named.options
        )
        let prompt = try plan(bot: named, tools: [tool("look"), tool("other")]).systemPrompt
        #expect(prompt?.hasPrefix("2023-11-14 2023-11-14T22:13:20") == true)
        #expect(prompt?.hasSuffix(" UTC ann test-bot Test look") == true)
    }

    @Test(
        arguments: [
            (ProviderFailure.Kind.badRequest, 400, nil), (.contextTooLong, 400, "context_length_exceeded"),
            (.rateLimited, 429, "rate_limit_exceeded"), (.quotaExceeded, 429, "insufficient_quota"),
            (.unauthorized, 502, "upstream_error"), (.modelNotFound, 502, "upstream_error"),
            (.overloaded, 503, "overloaded"), (.requestTooLarge, 413, "request_too_large"),
            (.timeout, 504, "upstream_timeout"), (.serverError, 502, "upstream_error"),
            (.connectionFailed, 502, "upstream_error"),
            (.connectionLost, 502, "upstream_error"), (.malformed, 502, "upstream_error"),
        ] as [(ProviderFailure.Kind, Int, String?)]
    )
    func failuresBecomeStatuses(_ kind: ProviderFailure.Kind, _ status: Int, _ code: String?) {
        let error = OpenAIError(ProviderFailure(kind, "said", provider: "up", retryAfter: .seconds(9)))
        #expect(error.status == status)
        #expect(error.code == code)
        #expect(error.message.contains("said"))
        if kind == .rateLimited || kind == .overloaded { #expect(error.retryAfter == .seconds(9)) }
        if kind == .unauthorized || kind == .quotaExceeded { #expect(error.shouldRetry == false) }
    }

    @Test func phrasesByWhichLobeChatKnowsThem() {
        func message(_ kind: ProviderFailure.Kind) -> String {
            OpenAIError(ProviderFailure(kind, "", provider: "p")).message
        }
        #expect(message(.contextTooLong).contains("maximum context length"))
        #expect(message(.rateLimited).contains("Rate limit reached"))
        #expect(message(.quotaExceeded).contains("exceeded your current quota"))
    }
}
