// The small parts: outside text, times and spans, languages, windows.

import JSON
import Testing

@testable import Providers

@Suite struct OfflineTextTests {
    @Test(
        "Outside text is escaped where Markdown would act on it, and nowhere else",
        arguments: [
            ("disk_usage_high on /var", "disk_usage_high on /var"), ("_x_", "\\_x\\_"), ("a*b*c", "a\\*b\\*c"),
            ("[x](y)", "\\[x\\](y)"), ("<b>", "\\<b\\>"), ("https://x", "https\\://x"), ("WWW.x", "WWW\\.x"),
            ("a@b.c", "a\\@b.c"), ("&lt; & x", "\\&lt; & x"), ("line\r\n\tnext", "line next"),
            ("\u{1B}[31mred", "\\[31mred"),
            ("\u{202E}abc\u{200B}", "abc"), ("  a  b  ", "a b"), ("$1 `x` #", "\\$1 \\`x\\` \\#"), ("磁盘 90%", "磁盘 90%"),
        ]
    )
    func plain(text: String, shown: String) {
        #expect(OutsideText.plain(text) == shown)
    }

    @Test("Bounds are kept, code spans cannot be left, links lead only to the web or this server")
    func bounds() {
        #expect(OutsideText.plain(String(repeating: "x", count: 300), limit: 10) == "xxxxxxxxxx…")
        #expect(OutsideText.code("a`b") == "`a'b`")
        #expect(OutsideText.code("\u{0}") == "–")
        #expect(OutsideText.link("a", to: "/api/x/?a=1&b=2#c") == "[a](/api/x/?a=1&b=2#c)")
        for bad in [
            "javascript:alert(1)", "//evil", "http://x/ y", "http://x/)(", "http://x/\"", "data:x", "http://x/<>",
        ] {
            #expect(OutsideText.link("a", to: bad) == "[a]")
        }
    }

    @Test(
        "Times with zone are read",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00.500Z", 951_825_600),
            ("2026-03-01T12:00:00+02:00", 1_772_359_200),
            ("1969-12-31T23:59:59Z", -1), ("2026-03-01 10:00:00Z", 1_772_359_200), ("2026-03-01T10:00Z", 1_772_359_200),
        ] as [(String, Int64)]
    )
    func times(text: String, seconds: Int64) {
        #expect(Moments.seconds(text) == seconds)
    }

    @Test(
        "What is no time is none",
        arguments: ["", "today", "2026-13-01T00:00:00Z", "2026-03-01T10:00:00", "2026-03-01", "x"]
    )
    func noTimes(text: String) {
        #expect(Moments.seconds(text) == nil)
    }

    @Test(
        "Durations in the forms of tools, and back in words",
        arguments: [
            ("12m 30s", 750, "12 min 30 s", "12 分钟 30 秒"), ("PT1H5M", 3_900, "1 h 5 min", "1 小时 5 分钟"),
            ("2d 3h", 183_600, "2 d 3 h", "2 天 3 小时"), ("45s", 45, "45 s", "45 秒"), ("0s", 0, "0 s", "0 秒"),
            ("90", 90, "1 min 30 s", "1 分钟 30 秒"), ("1 day", 86_400, "1 d", "1 天"),
        ] as [(String, Int64, String, String)]
    )
    func durations(text: String, seconds: Int64, english: String, chinese: String) {
        #expect(Moments.duration(.string(text)) == seconds)
        #expect(Moments.span(seconds, .english) == english)
        #expect(Moments.span(seconds, .chinese) == chinese)
    }

    @Test("What is no duration is none", arguments: ["", "long", "5x", "-3", "h", "99999999999999999999999d", "P"])
    func noDurations(text: String) {
        #expect(Moments.duration(.string(text)) == nil)
    }

    @Test(
        "Windows of time",
        arguments: [
            ("in the last hour", 60), ("last 2 hours", 120), ("past 15 min", 15), ("since 30m", 30),
            ("past week", 10_080),
            ("in the last half an hour", 30), ("last night", 1_440), ("within three days", 4_320),
            ("this week", 10_080),
            ("最近一小时", 60), ("过去 30 分钟", 30), ("近半小时", 30), ("最近十二个小时", 720), ("3小时内", 180), ("前两天", 2_880),
            ("本周", 10_080), ("今天", 1_440), ("昨天", 2_880), ("最近半天", 720),
            ("what is last", nil), ("第一条", nil), ("最近的告警", nil), ("last 99999999999999 hours", nil),
        ] as [(String, Int?)]
    )
    func windows(text: String, minutes: Int?) {
        #expect(TimeWindow(in: Utterance(text))?.minutes == minutes)
    }

    @Test(
        "Hosts are found by look and by cue, in their own case",
        arguments: [
            ("what about Web-1 and DB_2?", ["Web-1", "DB_2"]), ("10.0.0.5:9100 怎么样", ["10.0.0.5:9100"]),
            ("主机nginx有什么告警", ["nginx"]), ("host payments", ["payments"]), ("is billing down?", ["billing"]),
            ("web-1、web-2 的告警", ["web-1", "web-2"]), ("alerts in the last 24h", []), ("what is up-to-date", []),
            ("critical alerts", []), ("alert 42", []), ("version 1.2 is out", []), ("2026-03-01", []),
            ("who is on-call", []),
            ("a.b.c.d.example.org", ["a.b.c.d.example.org"]), ("999.1.1.1", []),
        ] as [(String, [String])]
    )
    func hosts(text: String, hosts: [String]) {
        #expect(HostNames(Utterance(text)).found == hosts)
    }

    @Test(
        "The language of a question",
        arguments: [
            ("what is firing?", .english), ("告警", .chinese), ("web-1 怎么样", .chinese), ("CPU 告警", .chinese),
            ("what about the host 数据库-1 please", .english), ("42", nil), ("web-1", nil), ("", nil), ("hello", .english),
        ] as [(String, AnswerLanguage?)]
    )
    func languages(text: String, language: AnswerLanguage?) {
        #expect(AnswerLanguage(of: Utterance(text)) == language)
    }

    @Test("Levels and statuses, negations first")
    func statuses() {
        #expect(Meaning(Utterance("not resolved")).status == .firing)
        #expect(Meaning(Utterance("未恢复的告警")).status == .firing)
        #expect(Meaning(Utterance("没有恢复的")).status == .firing)
        #expect(Meaning(Utterance("unacknowledged criticals")).status == .unacknowledged)
        #expect(Meaning(Utterance("firing and resolved alerts")).status == .any)
        #expect(Meaning(Utterance("which are resolved now")).status == .resolved)
        #expect(Meaning(Utterance("警告及以上")).levels == [.critical, .error, .warning])
    }
}
