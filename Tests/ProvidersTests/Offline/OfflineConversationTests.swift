// Conversations of several turns: introduction, follow-ups, pages, references to the last answer.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite struct OfflineConversationTests {
    @Test(
        "The first answer says what it is, later ones do not",
        arguments: [("hello", "offline model"), ("你好", "离线模型")]
    )
    func introduction(question: String, phrase: String) async throws {
        var talk = OfflineTalk()
        talk.system("You are the ops assistant. Today is 2026-03-01.")
        talk.user(question)
        let first = try await talk.round().text
        #expect(first.split(separator: "\n").first?.contains(phrase) == true)
        talk.assistant(first)
        talk.user(question)
        let second = try await talk.round().text
        #expect(!second.contains(phrase))
        #expect(!second.isEmpty)
    }

    @Test("The introduction stands above an answer from tools, too")
    func introductionAboveResults() async throws {
        let text = try await OfflineTalk("list alerts").answer(OfflineResults.list([OfflineResults.row(1, "A")]))
        #expect(text.hasPrefix("I am OpsGate's offline model"))
    }

    @Test("What is not understood is said, with three examples that work", arguments: ["write me a poem", "讲个笑话"])
    func notUnderstood(question: String) async throws {
        let text = try await OfflineTalk(question).round().text
        #expect(text.contains("did not understand") || text.contains("没有理解"))
        let examples = text.split(separator: "\n").filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
        #expect(examples.count == 3)
        for example in examples {
            #expect(try await OfflineTalk(example).round().finishes == [.toolCalls], "\(example)")
        }
    }

    @Test("The introduction names what there are tools for, and nothing else")
    func abilities() async throws {
        let base = try await OfflineTalk("hello").round().text
        for word in ["incidents", "confirm", "acknowledge"] { #expect(!base.contains(word), "\(word)") }
        var talk = OfflineTalk("hello")
        talk.tools = OfflineTalk.allTools
        let english = try await talk.round().text
        #expect(
            english.contains(
                "I also show an alert's history, incidents, who was notified and what a shield would hide."
            )
        )
        #expect(
            english.contains(
                "Told to, I acknowledge alerts, assign alerts, close alerts, create incidents and shield hosts; what needs "
                    + "approval waits for yours."
            )
        )
        #expect(!english.contains("confirm"))
        var chinese = OfflineTalk("你好")
        chinese.tools = OfflineTalk.allTools.filter { $0.name != "alert_close" && $0.name != "shield_preview" }
        let text = try await chinese.round().text
        #expect(text.contains("还可以查看告警的经过、事故和通知记录。"), "\(text)")
        #expect(text.contains("可按指令认领告警、分派告警、创建事故和屏蔽主机；需要批准的操作会等你批准。"), "\(text)")
    }

    @Test("All examples of the help work")
    func helpExamples() async throws {
        for question in ["help", "你能做什么？"] {
            let text = try await OfflineTalk(question).round().text
            let examples = text.split(separator: "\n").filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
            #expect(examples.count == 5)
            for example in examples {
                #expect(try await OfflineTalk(example).round().finishes == [.toolCalls], "\(example)")
            }
            let all = try await OfflineTalk.withAll(question).round().text
            let more = all.split(separator: "\n").filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
            #expect(more.count == 8 && Array(more.prefix(5)) == examples)
            for example in more {
                #expect(try await OfflineTalk.withAll(example).round().finishes == [.toolCalls], "\(example)")
            }
        }
    }

    @Test(
        "An elliptic question keeps what the one before named",
        arguments: [
            (
                ["what is firing?", "and how many of them are critical?"], "alerts_count",
                #"{"status":["firing","acknowledged"],"level":["critical"]}"#
            ),
            (
                ["what is firing on web-1?", "how many?"], "alerts_count",
                #"{"status":["firing","acknowledged"],"host":"web-1","group_by":"level"}"#
            ),
            (
                ["how many alerts on web-1?", "and on web-2?"], "alerts_count",
                #"{"status":["firing","acknowledged"],"host":"web-2","group_by":"level"}"#
            ),
            (
                ["alerts of the last hour", "only critical ones"], "alerts_list",
                #"{"level":["critical"],"since":"1h"}"#
            ),
            (
                ["show critical alerts", "what about warnings?"], "alerts_list",
                #"{"status":["firing","acknowledged"],"level":["warning"]}"#
            ),
            (
                ["what is firing on web-1?", "and since when?"], "alerts_list",
                #"{"status":["firing","acknowledged"],"host":"web-1"}"#
            ),
            (["details of alert 42", "and since when?"], "alert_get", #"{"id":42,"with_events":true}"#),
            (["最近一小时有哪些告警", "其中严重的有几个？"], "alerts_count", #"{"level":["critical"],"since":"1h"}"#),
            (
                ["web-1 有多少告警", "那 web-2 呢"], "alerts_count",
                #"{"status":["firing","acknowledged"],"host":"web-2","group_by":"level"}"#
            ),
            (
                ["现在有哪些告警", "只看严重的"], "alerts_list",
                #"{"status":["firing","acknowledged"],"level":["critical"]}"#
            ),
            (["critical alerts on web-1", "what is firing?"], "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        ]
    )
    func followUp(questions: [String], tool: String, arguments: String) async throws {
        var talk = OfflineTalk()
        for (index, question) in questions.enumerated() {
            talk.user(question)
            if index + 1 < questions.count { talk.assistant("**3 alerts**") }
        }
        let result = try await talk.round()
        #expect(result.calls.map(\.name) == [tool], "\(result.text)")
        #expect(result.calls.first?.arguments.memberTable == (try JSONValue(test: arguments)).memberTable)
    }

    @Test("The next page goes on with the cursor of the last answer and the same filter")
    func nextPage() async throws {
        for (first, next) in [("critical alerts on web-1", "next page"), ("web-1 的严重告警", "下一页")] {
            var talk = OfflineTalk(first)
            let call = try await talk.round()
            let page = OfflineResults.list([OfflineResults.row(1, "A")], total: 3, cursor: "c0ffee00.0.0.17.1")
            // What a client sends back has the text only; the tool calls stayed in the gateway.
            talk.assistant(try await talk.answer(page))
            talk.user(next)
            let second = try await talk.round()
            try #require(second.calls.count == 1, "\(second.text)")
            var expected = call.calls[0].arguments.memberTable
            expected["cursor"] = "c0ffee00.0.0.17.1"
            #expect(second.calls[0].arguments.memberTable == expected)
            let page2 = OfflineResults.list([OfflineResults.row(2, "B")], total: 3, cursor: "c0ffee00.0.0.16.2")
            let text = try await talk.answer(page2)
            #expect(text.contains("3"))
            talk.assistant(text)
            talk.user(next)
            let third = try await talk.round()
            #expect(third.calls.first?.arguments["cursor"] == "c0ffee00.0.0.16.2")
            talk.assistant(try await talk.answer(OfflineResults.list([OfflineResults.row(3, "C")], total: 3)))
            talk.user(next)
            let end = try await talk.round()
            #expect(end.calls.isEmpty)
        }
    }

    @Test("\"The second one\" is an alert of the last answer")
    func ordinal() async throws {
        var talk = OfflineTalk("what is firing?")
        let list = OfflineResults.list([OfflineResults.row(42, "[alert:666] first"), OfflineResults.row(7, "B")])
        talk.assistant(try await talk.answer(list))
        for (question, id) in [
            ("details of the second one", 7), ("第一条的详情", 42), ("tell me more about the last one", 7),
        ] {
            var next = talk
            next.user(question)
            let result = try await next.round()
            #expect(result.calls.map(\.name) == ["alert_get"], "\(question): \(result.text)")
            #expect(result.calls.first?.arguments["id"]?.int == id)
        }
    }

    @Test("Content in parts is read; images are not seen, and that is said")
    func parts() async throws {
        var talk = OfflineTalk()
        talk.messages.append([
            "role": "user",
            "content": [
                ["type": "text", "text": "hello"],
                ["type": "image_url", "image_url": ["url": "data:image/png;base64,AA=="]],
            ],
        ])
        #expect(try await talk.round().text.contains("cannot see images"))
        talk.messages[0] = ["role": "user", "content": [["type": "text", "text": "what is firing?"]]]
        #expect(try await talk.round().calls.map(\.name) == ["alerts_list"])
    }

    @Test("An ambiguous language is that of the question before")
    func language() async throws {
        var talk = OfflineTalk("你好")
        talk.assistant("你好")
        talk.user("??")
        #expect(try await talk.round().text.contains("没有理解"))
    }

    @Test("Results of calls that another model made are used or digested")
    func takeOver() async throws {
        var talk = OfflineTalk("list alerts")
        talk.results(
            [("call_x", "alerts_list", ["status": ["firing"]])],
            [OfflineResults.list([OfflineResults.row(1, "A")])]
        )
        talk.tools = []
        #expect(try await talk.round().text.contains("[alert:1]"))
        var other = OfflineTalk("which database servers do we run?")
        other.results(
            [("call_y", "cmdb_search", ["model": "db"])],
            [#"{"status":"ok","total":31,"data":[{"id":9,"inst_name":"db-1","ip":"10.0.0.9","tags":["a"]}]}"#]
        )
        let text = try await other.round().text
        #expect(text.contains("`cmdb_search` gave 1 of 31"))
        #expect(text.contains("`inst_name=db-1`"))
    }
}
