// Results of tools and the facts that the answer must repeat, in the language of the question.

import JSON
import Testing

@testable import Providers

@Suite struct OfflineAnswerTests {
    private static let two = OfflineResults.list([
        OfflineResults.row(42, "High CPU"),
        OfflineResults.row(
            7,
            "Disk nearly full",
            level: "warning",
            status: "acknowledged",
            start: "2026-02-28T08:00:00.000Z",
            duration: "1d 2h",
            host: "db-1"
        ),
    ])

    @Test("A list has level, title, host, start, span and a citation for each alert")
    func list() async throws {
        let text = try await OfflineTalk("what is firing right now?").answer(Self.two)
        for fact in [
            "**2 alerts are firing**", "**critical** “High CPU” on `web-1`, firing since 2026-03-01T10:00:00.000Z",
            "for 12 min 30 s", "[alert:42](http://127.0.0.1:18001/api/v1/alerts/api/alerts/42/)",
            "**warning** “Disk nearly full” on `db-1`, acknowledged since 2026-02-28T08:00:00.000Z, for 1 d 2 h",
            "[alert:7](",
        ] {
            #expect(text.contains(fact))
        }
        #expect(!text.contains("Showing"))
    }

    @Test("The same in Chinese")
    func chineseList() async throws {
        let text = try await OfflineTalk("现在有哪些告警？").answer(Self.two)
        for fact in [
            "**2 条告警正在触发**", "**critical（严重）** “High CPU”，主机 `web-1`，触发中，自 2026-03-01T10:00:00.000Z 起，已持续 12 分钟 30 秒",
            "**warning（警告）** “Disk nearly full”，主机 `db-1`，已确认", "已持续 1 天 2 小时", "[alert:7](",
        ] {
            #expect(text.contains(fact))
        }
        #expect(!text.contains("alerts are"))
    }

    @Test("Times of resolved alerts, with the span from the two times when the tool gives none")
    func resolved() async throws {
        var row =
            OfflineResults.row(
                5,
                "Ping lost",
                status: "resolved",
                start: "2026-03-01T10:00:00Z",
                end: "2026-03-01T12:05:00+02:00"
            ).object ?? [:]
        row["duration"] = nil
        let talk = OfflineTalk("which alerts were resolved today?")
        let text = try await talk.answer(OfflineResults.list([.object(row)]))
        #expect(text.contains("**1 alert is resolved (last 1 d)**"))
        #expect(text.contains("resolved, from 2026-03-01T10:00:00Z to 2026-03-01T12:05:00+02:00, lasted 5 min"))
    }

    @Test("The total is repeated and what is missing is said, with the way to get it")
    func partly() async throws {
        let result = OfflineResults.list(
            [OfflineResults.row(1, "A")],
            total: 143,
            cursor: "1f2e3d4c.0.1.1700000000000.9"
        )
        let english = try await OfflineTalk("list alerts").answer(result)
        #expect(english.contains("**143 alerts are firing**"))
        #expect(english.contains("Showing 1 of 143."))
        #expect(english.contains("\"next page\" (cursor `1f2e3d4c.0.1.1700000000000.9`)"))
        let chinese = try await OfflineTalk("列出告警").answer(result)
        #expect(chinese.contains("143 条告警正在触发"))
        #expect(chinese.contains("当前显示 1 条，共 143 条"))
        #expect(chinese.contains("（游标 `1f2e3d4c.0.1.1700000000000.9`）"))
    }

    @Test(
        "Nothing found is no proof of health",
        arguments: [("what about host web-9?", false), ("主机 web-9 怎么样", true)]
    )
    func nothing(question: String, isChinese: Bool) async throws {
        let text = try await OfflineTalk(question).answer(OfflineResults.nothing)
        #expect(text.contains(isChinese ? "**没有匹配的告警**" : "**No matching alerts**"))
        #expect(text.contains("`web-9`"))
        #expect(text.contains("web-90"))
        #expect(text.contains(isChinese ? "并不代表没有问题" : "not that nothing is wrong"))
        for lie in ["everything is", "all good", "healthy", "一切正常", "健康"] { #expect(!text.contains(lie)) }
    }

    @Test("The window that was asked for is said")
    func window() async throws {
        let none = #"{"status":"no_data","data":[],"total":0,"returned":0,"truncated":false}"#
        let english = try await OfflineTalk("critical alerts in the last hour").answer(none)
        #expect(english.contains("**No matching alerts** (level `critical`, last 1 h)."))
        let chinese = try await OfflineTalk("最近一小时的严重告警").answer(none)
        #expect(chinese.contains("**没有匹配的告警**（级别 `critical`，最近 1 小时）。"))
    }

    @Test("Counts repeat the exact total and each group")
    func counts() async throws {
        let result = """
            {"status":"ok","total":12,"truncated":true,"data":{"count":12,"group_by":"level",
             "groups":[{"key":"critical","count":2},{"key":"warning","count":7},{"key":"","count":1}],"other":2}}
            """
        let english = try await OfflineTalk("how many alerts are firing by level?").answer(result)
        for fact in [
            "**12 alerts are firing**", "- `critical`: 2", "- `warning`: 7", "- (–): 1", "all other groups: 2",
        ] {
            #expect(english.contains(fact))
        }
        let chinese = try await OfflineTalk("各级别分别有多少告警？").answer(result)
        for fact in ["**12 条告警正在触发**", "- `critical`：2", "- `warning`：7", "其余分组：2"] {
            #expect(chinese.contains(fact))
        }
        let zero = try await OfflineTalk("how many critical alerts?")
            .answer(#"{"status":"no_data","data":{"count":0},"total":0,"truncated":false}"#)
        #expect(zero.contains("No matching alerts"))
        #expect(zero.contains("The count is 0."))
    }

    @Test("Without alerts_count the exact total of a list is used")
    func countByList() async throws {
        var talk = OfflineTalk("how many critical alerts?")
        talk.tools.removeAll { $0.name == "alerts_count" }
        let first = try await talk.round()
        #expect(first.calls.map(\.name) == ["alerts_list"])
        #expect(first.calls.first?.arguments["limit"]?.int == 1)
        let text = try await talk.answer(OfflineResults.list([OfflineResults.row(1, "A")], total: 9, cursor: "x.1"))
        #expect(text.contains("**9 alerts are firing (level `critical`)**"))
    }

    @Test("Details show texts, labels and events")
    func details() async throws {
        var row = OfflineResults.row(42, "High CPU", labels: ["alertname": "HighCPU", "region": "eu"]).object ?? [:]
        row["description"] = "CPU above 95 %"
        row["annotations"] = ["runbook": "see wiki"]
        row["event_count"] = 3
        row["events"] = [
            ["status": "firing", "at": "2026-03-01T10:05:00.000Z", "level": "critical", "title": "High CPU"],
            ["status": "firing", "at": "2026-03-01T10:00:00.000Z", "level": "warning", "title": "High CPU"],
        ]
        let result = JSONValue.object(["status": "ok", "total": 1, "truncated": true, "data": .object(row)]).text
        let english = try await OfflineTalk("details of alert 42").answer(result)
        for fact in [
            "“High CPU”", "[alert:42](", "Source: alertmanager", "Description: CPU above 95 %", "`region=eu`",
            "`runbook=see wiki`", "Events (2 of 3):", "- 2026-03-01T10:05:00.000Z firing critical",
        ] {
            #expect(english.contains(fact))
        }
        let chinese = try await OfflineTalk("告警 42 的详情").answer(result)
        for fact in ["来源：alertmanager", "描述：CPU above 95 %", "事件（显示 2 条，共 3 条）"] { #expect(chinese.contains(fact)) }
        let missing = try await OfflineTalk("alert 99")
            .answer(
                #"{"status":"no_data","total":0,"truncated":false,"hint":"There is no alert 99 that you may see."}"#
            )
        #expect(missing.contains("No matching alert") && missing.contains("`99`"))
    }

    @Test("Since when, and which the longest")
    func since() async throws {
        let data = JSONValue.object(["status": "ok", "total": 1, "data": OfflineResults.row(42, "High CPU")]).text
        let one = try await OfflineTalk("since when is alert 42 firing?").answer(data)
        #expect(one.contains("firing since 2026-03-01T10:00:00.000Z, for 12 min 30 s"))
        let whole = try await OfflineTalk("which alert is firing the longest?").answer(Self.two)
        #expect(whole.contains("The longest:\n\n- **warning** “Disk nearly full”"))
        let part = try await OfflineTalk("哪条告警持续最久？").answer(
            OfflineResults.list([OfflineResults.row(1, "A")], total: 500, cursor: "c.1")
        )
        #expect(part.contains("500 条告警正在触发"))
        #expect(part.contains("1 条（并非全部）"))
    }

    @Test("Failures of a tool are said plainly")
    func failures() async throws {
        let failed = #"{"status":"error","message":"The tool took too long.","hint":"Ask for less."}"#
        let english = try await OfflineTalk("list alerts").answer(failed)
        #expect(english.contains("The tool `alerts_list` failed: The tool took too long."))
        #expect(english.contains("Ask for less."))
        #expect(!english.contains("No matching"))
        let chinese = try await OfflineTalk("有多少告警").answer(failed)
        #expect(chinese.contains("工具 `alerts_count` 调用失败：The tool took too long."))
        let approval = try await OfflineTalk("list alerts").answer(
            #"{"status":"approval_required","message":"Code 1234"}"#
        )
        #expect(approval.contains("waits for a person's approval") && approval.contains("Code 1234"))
        let broken = try await OfflineTalk("list alerts").answer("oh no")
        #expect(broken.contains("cannot read: oh no"))
        let delimited = try await OfflineTalk("list alerts").answer("<tool-data>\n\(Self.two)\n</tool-data>")
        #expect(delimited.contains("2 alerts are firing"))
    }

    @Test("What a tool cannot filter by is said, not hidden")
    func leftOut() async throws {
        var talk = OfflineTalk("critical alerts from zabbix in the last hour")
        talk.tools = [
            OfflineTalk.tool(
                "alerts_list",
                #"{"type":"object","properties":{"status":{"type":"string"},"since":{"type":"string"}}}"#
            )
        ]
        #expect(try await talk.round().calls.first?.arguments == [:])
        let text = try await talk.answer(Self.two)
        #expect(text.contains("cannot filter by level, source, time"))
    }

    @Test("What the tool says beside its data is passed on; heartbeats are known by name")
    func notes() async throws {
        let row = OfflineResults.row(3, "Watchdog", labels: ["alertname": "Watchdog"])
        let text = try await OfflineTalk("list alerts").answer(
            OfflineResults.list([row], hint: "Incomplete: 3 alerts were cut.")
        )
        #expect(text.contains("Note of the tool: Incomplete: 3 alerts were cut."))
        #expect(text.contains("a heartbeat by its name"))
    }

    @Test("Several hosts are told one by one")
    func severalHosts() async throws {
        let text = try await OfflineTalk("what about web-1 and web-9?").answer(Self.two, OfflineResults.nothing)
        #expect(text.contains("2 alerts are firing (host `web-1`)"))
        #expect(text.contains("No matching alerts** (status `firing` or `acknowledged`, host `web-9`)"))
    }
}
