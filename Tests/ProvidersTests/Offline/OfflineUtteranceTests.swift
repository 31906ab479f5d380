// Utterances in English and Chinese, each with the tool call that it must lead to.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

struct ExpectedCall: CustomTestStringConvertible, Sendable {
    let question: String
    let tool: String
    let arguments: String
    var testDescription: String { question }

    init(_ question: String, _ tool: String, _ arguments: String) {
        (self.question, self.tool, self.arguments) = (question, tool, arguments)
    }
}

@Suite struct OfflineUtteranceTests {
    static let lists: [ExpectedCall] = [
        .init("what is firing right now?", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("What's firing?", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("give me a summary", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("what happened in the last 2 hours?", "alerts_list", #"{"since":"2h"}"#),
        .init("最近 10 分钟", "alerts_list", #"{"since":"10m"}"#),
        .init("alerts since 2026-03-01", "alerts_list", #"{"since":"2026-03-01T00:00:00Z"}"#),
        .init("alerts of this week including resolved", "alerts_list", #"{"since":"7d"}"#),
        .init("alerts older than 2 days", "alerts_list", #"{"status":["firing","acknowledged"],"until":"2d"}"#),
        .init("持续超过一小时的告警", "alerts_list", #"{"status":["firing","acknowledged"],"until":"1h"}"#),
        .init("确认一下 web-1 有没有告警", "alerts_list", #"{"status":["firing","acknowledged"],"host":"web-1"}"#),
        .init("which alerts are not acknowledged?", "alerts_list", #"{"status":["firing"]}"#),
        .init("没人处理的告警有哪些", "alerts_list", #"{"status":["firing"]}"#),
        .init("alerts with region=eu", "alerts_list", #"{"status":["firing","acknowledged"],"labels":["region=eu"]}"#),
        .init("disk problems?", "alerts_list", #"{"status":["firing","acknowledged"],"search":"disk"}"#),
        .init("磁盘怎么样", "alerts_list", #"{"status":["firing","acknowledged"],"search":"磁盘"}"#),
        .init("Which alerts are active at the moment", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("show me all current alerts", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("any alerts?", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("ALERTS", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("Anything wrong?", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("what's going on in production?", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("Are there any unresolved alerts?", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("list critical alerts", "alerts_list", #"{"status":["firing","acknowledged"],"level":["critical"]}"#),
        .init("any criticals?", "alerts_list", #"{"status":["firing","acknowledged"],"level":["critical"]}"#),
        .init(
            "show warning and critical alerts",
            "alerts_list",
            #"{"status":["firing","acknowledged"],"level":["critical","warning"]}"#
        ),
        .init(
            "alerts with level error or worse",
            "alerts_list",
            #"{"status":["firing","acknowledged"],"level":["critical","error"]}"#
        ),
        .init("which alerts were resolved today?", "alerts_list", #"{"status":["resolved"],"since":"24h"}"#),
        .init("alerts in the last hour", "alerts_list", #"{"since":"1h"}"#),
        .init("show critical alerts of the past 30 minutes", "alerts_list", #"{"level":["critical"],"since":"30m"}"#),
        .init("what fired in the last 24h? list alerts", "alerts_list", #"{"since":"24h"}"#),
        .init("alerts of the last two days", "alerts_list", #"{"since":"2d"}"#),
        .init(
            "firing alerts from zabbix",
            "alerts_list",
            #"{"status":["firing","acknowledged"],"source_id":"zabbix"}"#
        ),
        .init("any disk alerts?", "alerts_list", #"{"status":["firing","acknowledged"],"search":"disk"}"#),
        .init(
            "show the top 5 critical alerts",
            "alerts_list",
            #"{"status":["firing","acknowledged"],"level":["critical"],"limit":5}"#
        ),
        .init("which alerts are acknowledged?", "alerts_list", #"{"status":["acknowledged"]}"#),
        .init("show closed alerts of this week", "alerts_list", #"{"status":["closed"],"since":"7d"}"#),
        .init("现在有哪些告警？", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("当前正在触发的告警有哪些", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("有什么问题吗？", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("列出所有严重告警", "alerts_list", #"{"status":["firing","acknowledged"],"level":["critical"]}"#),
        .init("有没有未恢复的告警？", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("今天有哪些告警已恢复", "alerts_list", #"{"status":["resolved"],"since":"24h"}"#),
        .init("最近一小时的告警", "alerts_list", #"{"since":"1h"}"#),
        .init("最近 30 分钟有哪些严重告警？", "alerts_list", #"{"level":["critical"],"since":"30m"}"#),
        .init("过去三天的警告级别告警", "alerts_list", #"{"level":["warning"],"since":"3d"}"#),
        .init("近半小时有哪些告警", "alerts_list", #"{"since":"30m"}"#),
        .init("错误以上级别的告警有哪些", "alerts_list", #"{"status":["firing","acknowledged"],"level":["critical","error"]}"#),
        .init("查看磁盘告警", "alerts_list", #"{"status":["firing","acknowledged"],"search":"磁盘"}"#),
        .init("告警", "alerts_list", #"{"status":["firing","acknowledged"]}"#),
        .init("zabbix 当前的告警", "alerts_list", #"{"status":["firing","acknowledged"],"source_id":"zabbix"}"#),
    ]

    static let counts: [ExpectedCall] = [
        .init(
            "how many alerts are firing?",
            "alerts_count",
            #"{"status":["firing","acknowledged"],"group_by":"level"}"#
        ),
        .init(
            "How many alerts are firing by level?",
            "alerts_count",
            #"{"status":["firing","acknowledged"],"group_by":"level"}"#
        ),
        .init(
            "how many critical alerts?",
            "alerts_count",
            #"{"status":["firing","acknowledged"],"level":["critical"]}"#
        ),
        .init("count alerts by source", "alerts_count", #"{"status":["firing","acknowledged"],"group_by":"source"}"#),
        .init("number of alerts per host", "alerts_count", #"{"status":["firing","acknowledged"],"group_by":"host"}"#),
        .init(
            "count alerts by cluster",
            "alerts_count",
            #"{"status":["firing","acknowledged"],"group_by":"label:cluster"}"#
        ),
        .init(
            "how many alerts by label region",
            "alerts_count",
            #"{"status":["firing","acknowledged"],"group_by":"label:region"}"#
        ),
        .init("which hosts are affected?", "alerts_count", #"{"status":["firing","acknowledged"],"group_by":"host"}"#),
        .init("severity breakdown", "alerts_count", #"{"status":["firing","acknowledged"],"group_by":"level"}"#),
        .init("按主机分组", "alerts_count", #"{"status":["firing","acknowledged"],"group_by":"host"}"#),
        .init("how many alerts in the last day?", "alerts_count", #"{"since":"24h","group_by":"level"}"#),
        .init(
            "how many alerts does web-1 have",
            "alerts_count",
            #"{"status":["firing","acknowledged"],"host":"web-1","group_by":"level"}"#
        ),
        .init("alerts by status today", "alerts_count", #"{"since":"24h","group_by":"status"}"#),
        .init("现在有多少告警？", "alerts_count", #"{"status":["firing","acknowledged"],"group_by":"level"}"#),
        .init("各级别分别有多少条告警", "alerts_count", #"{"status":["firing","acknowledged"],"group_by":"level"}"#),
        .init("严重告警有几条？", "alerts_count", #"{"status":["firing","acknowledged"],"level":["critical"]}"#),
        .init("每台主机有多少告警", "alerts_count", #"{"status":["firing","acknowledged"],"group_by":"host"}"#),
        .init("今天一共有多少告警", "alerts_count", #"{"since":"24h","group_by":"level"}"#),
        .init("按来源统计告警", "alerts_count", #"{"status":["firing","acknowledged"],"group_by":"source"}"#),
    ]

    static let hosts: [ExpectedCall] = [
        .init("what about host web-1?", "alerts_list", #"{"status":["firing","acknowledged"],"host":"web-1"}"#),
        .init("Is DB-Master-01 ok?", "alerts_list", #"{"status":["firing","acknowledged"],"host":"DB-Master-01"}"#),
        .init("how is 10.0.0.5 doing?", "alerts_list", #"{"status":["firing","acknowledged"],"host":"10.0.0.5"}"#),
        .init(
            "status of db01.prod.example.com",
            "alerts_list",
            #"{"status":["firing","acknowledged"],"host":"db01.prod.example.com"}"#
        ),
        .init("what about payments?", "alerts_list", #"{"status":["firing","acknowledged"],"host":"payments"}"#),
        .init("alerts on host nginx", "alerts_list", #"{"status":["firing","acknowledged"],"host":"nginx"}"#),
        .init("web-1's alerts in the last 2 hours", "alerts_list", #"{"host":"web-1","since":"2h"}"#),
        .init(
            "critical alerts on 10.1.2.3:9100",
            "alerts_list",
            #"{"status":["firing","acknowledged"],"level":["critical"],"host":"10.1.2.3:9100"}"#
        ),
        .init("why is web-1 down?", "alerts_list", #"{"status":["firing","acknowledged"],"host":"web-1"}"#),
        .init("主机 web-1 怎么样？", "alerts_list", #"{"status":["firing","acknowledged"],"host":"web-1"}"#),
        .init("web-1怎么样", "alerts_list", #"{"status":["firing","acknowledged"],"host":"web-1"}"#),
        .init("服务器db01有告警吗", "alerts_list", #"{"status":["firing","acknowledged"],"host":"db01"}"#),
        .init(
            "10.0.0.5 上有哪些严重告警",
            "alerts_list",
            #"{"status":["firing","acknowledged"],"level":["critical"],"host":"10.0.0.5"}"#
        ),
        .init("nginx 正常吗", "alerts_list", #"{"status":["firing","acknowledged"],"host":"nginx"}"#),
    ]

    static let others: [ExpectedCall] = [
        .init("since when is web-1 firing?", "alerts_list", #"{"status":["firing","acknowledged"],"host":"web-1"}"#),
        .init("how long has alert 42 been firing?", "alert_get", #"{"id":42,"with_events":true}"#),
        .init(
            "which alert has been firing the longest?",
            "alerts_list",
            #"{"status":["firing","acknowledged"],"limit":100}"#
        ),
        .init(
            "When did the critical alerts start?",
            "alerts_list",
            #"{"status":["firing","acknowledged"],"level":["critical"]}"#
        ),
        .init("web-1 的告警持续多久了？", "alerts_list", #"{"status":["firing","acknowledged"],"host":"web-1"}"#),
        .init("告警 42 是什么时候开始的", "alert_get", #"{"id":42,"with_events":true}"#),
        .init("哪条告警持续最久", "alerts_list", #"{"status":["firing","acknowledged"],"limit":100}"#),
        .init("details of alert 42", "alert_get", #"{"id":42,"with_events":true}"#),
        .init("tell me about #7", "alert_get", #"{"id":7,"with_events":true}"#),
        .init("show alert:1001", "alert_get", #"{"id":1001,"with_events":true}"#),
        .init("alert 42", "alert_get", #"{"id":42,"with_events":true}"#),
        .init("show 42", "alert_get", #"{"id":42,"with_events":true}"#),
        .init("42号告警", "alert_get", #"{"id":42,"with_events":true}"#),
        .init("告警42的详情", "alert_get", #"{"id":42,"with_events":true}"#),
        .init("查看编号为 42 的告警", "alert_get", #"{"id":42,"with_events":true}"#),
    ]

    @Test("A question leads to its call", arguments: lists + counts + hosts + others)
    func call(_ expected: ExpectedCall) async throws {
        let result = try await OfflineTalk(expected.question).round()
        #expect(result.finishes == [.toolCalls])
        try #require(result.calls.count == 1, "answered: \(result.text)")
        #expect(result.calls[0].name == expected.tool)
        #expect(result.calls[0].arguments.memberTable == (try JSONValue(test: expected.arguments)).memberTable)
        #expect(result.calls[0].id.hasPrefix("call_"))
        #expect(result.text.isEmpty)
    }

    @Test("Several hosts or alerts are asked for side by side")
    func several() async throws {
        let hosts = try await OfflineTalk("what about web-1 and web-2?").round()
        #expect(hosts.calls.map { $0.arguments["host"]?.string } == ["web-1", "web-2"])
        #expect(Set(hosts.calls.map(\.id)).count == 2)
        let alerts = try await OfflineTalk("details of alerts 42 and 43").round()
        #expect(alerts.calls.map { $0.arguments["id"]?.int } == [42, 43])
    }

    @Test(
        "What is no question about ops makes no call",
        arguments: [
            "hello", "你好", "thanks!", "谢谢", "help", "what can you do?", "你是谁？", "write me a poem", "今天天气怎么样？",
            "how do I write an alert rule?", "2 + 2", "", "   ", "???", "what time is it now?", "acknowledge alert 42",
            "please close alert 42", "关闭告警 42", "把告警42确认一下", "讲个笑话", "如何配置告警规则",
            "more", "下一页", "stop", "what does severity critical mean?", "the second one",
        ]
    )
    func noCall(_ question: String) async throws {
        let result = try await OfflineTalk(question).round()
        #expect(result.calls.isEmpty)
        #expect(result.finishes == [.stop])
        #expect(!result.text.isEmpty)
    }
}

extension JSONValue {
    /// Members without regard to their order.
    var memberTable: [String: JSONValue] {
        Dictionary((object?.members ?? []).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }
}
