// Every field of the chat request: what is taken, what is passed on, what is refused and by which name.

import JSON
import OpenAIProtocol
import Testing

@Suite struct ChatRequestFieldTests {
    /// A field that is passed on, a value that it may have, and one of the wrong type or out of its range.
    struct Field: Sendable, CustomTestStringConvertible {
        let name: String
        let good: String
        let bad: String
        var testDescription: String { name }
    }

    static let passed: [Field] = [
        .init(name: "audio", good: "{\"voice\":\"alloy\"}", bad: "1"),
        .init(name: "frequency_penalty", good: "-2", bad: "2.1"),
        .init(name: "logit_bias", good: "{\"50256\":-100}", bad: "[]"),
        .init(name: "logprobs", good: "true", bad: "\"true\""),
        .init(name: "max_completion_tokens", good: "1", bad: "0"),
        .init(name: "max_tokens", good: "4096", bad: "1.5"),
        .init(name: "metadata", good: "{\"a\":\"b\"}", bad: "\"a\""),
        .init(name: "modalities", good: "[\"text\"]", bad: "\"text\""),
        .init(name: "parallel_tool_calls", good: "false", bad: "0"),
        .init(name: "prediction", good: "{\"type\":\"content\",\"content\":\"x\"}", bad: "true"),
        .init(name: "presence_penalty", good: "2", bad: "\"2\""),
        .init(name: "prompt_cache_key", good: "\"lobe:1:m\"", bad: "1"),
        .init(name: "prompt_cache_retention", good: "\"24h\"", bad: "24"),
        .init(name: "reasoning_effort", good: "\"low\"", bad: "1"),
        .init(name: "response_format", good: "{\"type\":\"json_object\"}", bad: "\"json\""),
        .init(name: "safety_identifier", good: "\"u\"", bad: "{}"),
        .init(name: "seed", good: "-9007199254740993", bad: "0.5"),
        .init(name: "service_tier", good: "\"auto\"", bad: "false"),
        .init(name: "stop", good: stops(64), bad: stops(65)),
        .init(name: "store", good: "true", bad: "1"),
        .init(name: "temperature", good: "1.70", bad: "2.5"),
        .init(name: "top_logprobs", good: "20", bad: "21"),
        .init(name: "top_p", good: "1e-1", bad: "-0.1"),
        .init(name: "user", good: "\"somebody\"", bad: "7"),
        .init(name: "verbosity", good: "\"high\"", bad: "\"loud\""),
        .init(name: "web_search_options", good: "{}", bad: "[]"),
    ]

    private static func stops(_ count: Int) -> String {
        "[" + (1...count).map { "\"\($0)\"" }.joined(separator: ",") + "]"
    }

    @Test(arguments: passed) func passesItsBytesOn(_ field: Field) throws {
        let request = try ChatRequest(parsing: requestBody("\"\(field.name)\" : \(field.good) "))
        #expect(request.parameters == [.init(name: field.name, json: Array(field.good.utf8))])
        #expect(request.ignored.isEmpty)
    }

    @Test(arguments: passed) func namesTheFieldThatIsWrong(_ field: Field) throws {
        let error = try #require(refusal(of: requestBody("\"\(field.name)\":\(field.bad)")))
        #expect(error.status == 400)
        #expect(error.type == "invalid_request_error")
        #expect(error.param == field.name)
        #expect(error.message.contains("'\(field.name)'"))
    }

    @Test(arguments: passed) func takesNullForNotGiven(_ field: Field) throws {
        #expect(try ChatRequest(parsing: requestBody("\"\(field.name)\":null")).parameters.isEmpty)
    }

    @Test func aStringIsAStopToo() throws {
        #expect(try ChatRequest(parsing: requestBody("\"stop\":\"END\"")).parameters.map(\.name) == ["stop"])
        #expect(refusal(of: requestBody("\"stop\":[1]"))?.param == "stop")
        #expect(refusal(of: requestBody("\"stop\":3"))?.param == "stop")
    }

    @Test func readsWhatItHonours() throws {
        let request = try ChatRequest(
            parsing: requestBody("\"stream\":true,\"stream_options\":{\"include_usage\":true},\"n\":3")
        )
        #expect(request.model == "m")
        #expect(request.stream && request.includeUsage)
        #expect(request.choices == 3)
        #expect(request.parameters.isEmpty)
        let plain = try ChatRequest(
            parsing: requestBody("\"stream\":null,\"n\":null,\"tools\":null,\"tool_choice\":null")
        )
        #expect(!plain.stream && !plain.includeUsage && plain.choices == 1 && plain.tools.isEmpty)
        #expect(plain.toolChoice == nil)
    }

    @Test(arguments: [
        ("{\"messages\":[]}", "model"), ("{\"model\":null,\"messages\":[]}", "model"),
        ("{\"model\":1,\"messages\":[]}", "model"), ("{\"model\":\"m\"}", "messages"),
        ("{\"model\":\"m\",\"messages\":null}", "messages"), ("{\"model\":\"m\",\"messages\":{}}", "messages"),
        ("{\"model\":\"m\",\"messages\":[]}", "messages"), ("{\"model\":\"m\",\"messages\":\"hi\"}", "messages"),
    ]) func needsModelAndMessages(_ body: String, _ field: String) {
        #expect(refusal(of: Array(body.utf8))?.param == field)
    }

    @Test(arguments: [
        ("\"n\":0", "n"), ("\"n\":129", "n"), ("\"n\":\"1\"", "n"), ("\"stream\":\"yes\"", "stream"),
        ("\"stream\":true,\"stream_options\":7", "stream_options"),
        ("\"stream\":true,\"stream_options\":{\"include_usage\":1}", "stream_options.include_usage"),
        ("\"stream_options\":{\"include_usage\":true}", "stream_options"),
        ("\"functions\":[]", "functions"), ("\"function_call\":\"auto\"", "function_call"),
    ]) func refusesWithTheFieldsName(_ members: String, _ field: String) {
        let error = refusal(of: requestBody(members))
        #expect(error?.status == 400)
        #expect(error?.param == field)
    }

    @Test func deprecatedFieldsSayWhatToUse() {
        #expect(refusal(of: requestBody("\"functions\":[]"))?.message.contains("'tools'") == true)
        #expect(refusal(of: requestBody("\"function_call\":\"auto\""))?.message.contains("'tool_choice'") == true)
    }

    @Test func unknownFieldsAreIgnoredAndNamed() throws {
        let request = try ChatRequest(
            parsing: requestBody(
                "\"enabledSearch\":true,\"thinking\":{\"type\":\"enabled\"},\"stream\":true,"
                    + "\"stream_options\":{\"include_usage\":false,\"include_obfuscation\":false,\"odd\":1},\"top_k\":5"
            )
        )
        #expect(request.ignored == ["enabledSearch", "stream_options.odd"])
        #expect(request.parameters.isEmpty)
        #expect(
            request.vendorMembers == [
                .init(name: "thinking", json: Array("{\"type\":\"enabled\"}".utf8)),
                .init(name: "top_k", json: Array("5".utf8)),
            ]
        )
    }

    @Test func theLastOfTwoMembersCounts() throws {
        let request = try ChatRequest(parsing: requestBody("\"seed\":1,\"temperature\":1,\"seed\":2"))
        #expect(request.parameters.map(\.name) == ["temperature", "seed"])
        #expect(request.parameters.last?.json == Array("2".utf8))
    }

    @Test func whatLobeChatSendsIsTaken() throws {
        let request = try ChatRequest(
            parsing: requestBody(
                "\"stream\":true,\"temperature\":1,\"top_p\":1,\"frequency_penalty\":0,\"presence_penalty\":0,"
                    + "\"stream_options\":{\"include_usage\":true},\"user\":\"u1\",\"apiMode\":\"chatCompletion\""
            )
        )
        #expect(
            request.parameters.map(\.name) == ["temperature", "top_p", "frequency_penalty", "presence_penalty", "user"]
        )
        #expect(request.ignored == ["apiMode"])
    }
}
