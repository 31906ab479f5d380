// Templates: what they make of hostile texts, what they may cost, and what replaces them.

import JSON
import Testing

@testable import Notifications

@Suite struct TemplateTests {
    private static let nasty =
        "<script>alert(1)</script> \u{202E}evil\u{0007} <@all> [x](http://e.vil) \"q\"\r\nBcc: a@b.c"

    private func channel(_ type: ChannelType, _ templates: JSONObject = [:]) -> NotificationChannel {
        NotificationChannel(
            id: 1,
            team: 1,
            name: "ops",
            type: type,
            config: [:],
            templates: ChannelTemplates(templates)
        )
    }

    private func content(_ more: JSONObject = [:]) -> NoticeContent {
        var content = SampleNotice.content
        for (key, value) in more { content.variables[key] = value }
        return content
    }

    private func render(_ text: String, _ style: TemplateStyle, _ variables: JSONObject) throws -> String {
        try MessageTemplate(text, style: style, limit: 30_000).render(variables)
    }

    private func fault(_ text: String, _ style: TemplateStyle = .text, limit: Int = 10_000) -> String {
        do throws(TemplateFault) {
            _ = try MessageTemplate(text, style: style, limit: limit)
            return ""
        } catch {
            return error.message
        }
    }

    @Test func theBuiltInOnesCompile() {
        for part in TemplatePart.allCases { #expect(DefaultTemplates.template(part) != nil, "\(part)") }
    }

    @Test func anAlertReadsWell() {
        let (message, problem) = ChannelRenderer().message(content(), channel: channel(.email), messageID: "m1")
        #expect(problem == nil)
        #expect(message.title == "[CRITICAL] Alert: CPU of db-1 above 95 %")
        #expect(
            message.text == """
                Alert: CPU of db-1 above 95 %

                Level:    critical
                Status:   firing
                Host:     db-1
                Source:   Prometheus production
                Started:  2025-10-21T10:00:00Z
                Duration: 5 min
                People:   ann, bob

                Load is 31.4 on 8 cores.
                See "top".

                Labels:   job=node, host=db-1

                https://opsgate.example.com/alerts/1

                """
        )
        #expect(message.html?.contains("See &quot;top&quot;.") == true)
        #expect(message.html?.contains("<a href=\"https://opsgate.example.com/alerts/1\"") == true)
        #expect(message.html?.contains("Ended") == false)
        #expect(message.messageID == "m1" && message.level == "critical")
        let recovered = ChannelRenderer().message(
            content(["transition": "recovered", "status": "resolved", "ended_at": "2025-10-21T10:05:00Z"]),
            channel: channel(.enterpriseWeChatBot),
            messageID: "m2"
        ).0
        #expect(
            recovered.markdown?.hasPrefix(
                "**<font color=\"info\">CRITICAL</font> Recovered: CPU of db-1 above 95 %**\n> Status: resolved\n"
            ) == true
        )
        #expect(recovered.html == nil)
    }

    @Test func textFromOutsideGainsNothing() {
        let hostile = content([
            "title": .string(Self.nasty), "description": .string(Self.nasty), "host": .string(Self.nasty),
            "labels": ["a<b": .string(Self.nasty)], "link": "javascript:alert(1)",
        ])
        for type in ChannelType.allCases {
            let message = ChannelRenderer().message(hostile, channel: channel(type), messageID: "m").0
            #expect(!message.title.contains("\n") && !message.title.contains("\r"))
            #expect(message.link == "")
            for text in [message.title, message.text, message.html ?? "", message.markdown ?? ""] {
                #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
                #expect(!text.unicodeScalars.contains("\u{202E}"))
                #expect(!text.contains("javascript:"))
            }
            #expect(message.html?.contains("<script") != true)
            #expect(message.markdown?.contains("<@") != true)
            #expect(message.markdown?.contains("<script") != true)
            #expect(message.markdown?.contains("](http://e.vil") != true)
        }
    }

    @Test func valuesAreEscapedForTheirPlace() throws {
        let variables: JSONObject = [
            "a": "<b> & \"c\"\n> d\n# e", "list": ["x", "y"], "o": ["k": 1, "l": nil], "n": 5,
        ]
        #expect(try render("{{a}}", .html, variables) == "&lt;b&gt; &amp; &quot;c&quot;\n&gt; d\n# e")
        #expect(try render("{{a}}", .json, variables) == "<b> & \\\"c\\\"\\n> d\\n# e")
        #expect(try render("{{a}}", .markdown, variables) == "＜b> & \"c\"\n＞ d\n＃ e")
        #expect(try render("{{{a}}}|{{&a}}", .title, variables) == "<b> & \"c\" > d # e|<b> & \"c\" > d # e")
        #expect(try render("{{list}} {{n}} {{missing}}{{o.l}}", .text, variables) == "x, y 5 ")
        #expect(try render("{{o}}", .text, variables) == "k=1, l=null")
        #expect(try render("{{#list}}{{.}}{{^last()}}-{{/last()}}{{/list}}", .text, variables) == "x-y")
        #expect(try render("{{uppercased(a)}}", .html, ["a": "<i>"]) == "&lt;I&gt;")
        #expect(try render("{{#e}}no{{/e}}{{^e}}yes{{/e}}", .text, ["e": ""]) == "yes")
        #expect(try render("{{#e}}no{{/e}}{{^e}}yes{{/e}}", .text, ["e": []]) == "yes")
        #expect(try render("{{#t}}yes{{/t}}", .text, ["t": true]) == "yes")
    }

    @Test(arguments: [
        ("{{title", "a tag is not finished"), ("{{#a}}x", "a section is not closed"),
        ("{{#a}}x{{/b}}", "closed under another name"), ("a\n{{#a}}\n{{/b}}", "at line 3"), ("{{a b}}", "not a name"),
        ("{{> x}}", "partials"), ("{{< x}}{{/x}}", "partials"), ("{{$ x}}{{/x}}", "partials"),
        ("{{=<% %>=}}", "delimiters"), ("{{% CONTENT_TYPE:HTML}}", "pragmas"),
        (String(repeating: "{{#a}}", count: 11) + String(repeating: "{{/a}}", count: 11), "sections in sections"),
        (String(repeating: "{", count: 1_001), "opening braces"),
        ("{{" + String(repeating: "a(", count: 150) + "}}", "tags of more than"),
        (String(repeating: "x", count: 10_001), "at most 10000 bytes"),
    ])
    func badOnesAreRefused(template: String, words: String) {
        #expect(fault(template).contains(words), "\(fault(template))")
    }

    @Test func unescapedValuesAreRefusedWhereTheyMatter() {
        for template in ["{{{a}}}", "{{& a}}", "{{&a}}"] {
            #expect(fault(template, .html).contains("unescaped"))
            #expect(fault(template, .markdown).contains("unescaped"))
            #expect(fault(template, .text) == "")
        }
    }

    /// Lists in lists multiply; the work stays bounded.
    @Test func aTemplateCannotRunAway() throws {
        let list: JSONValue = .array(Array(repeating: "x", count: 1_000))
        let nested = String(repeating: "{{#l}}", count: 10) + "{{.}}" + String(repeating: "{{/l}}", count: 10)
        let template = try MessageTemplate(nested, style: .text, limit: 10_000)
        #expect(throws: TemplateFault.self) { try template.render(["l": list]) }
        let long = try MessageTemplate(String(repeating: "{{a}}", count: 450), style: .text, limit: 10_000)
        #expect(throws: TemplateFault.self) { try long.render(["a": .string(String(repeating: "x", count: 20_000))]) }
        let wide = try MessageTemplate(
            "{{#l}}" + String(repeating: "y", count: 9_000) + "{{/l}}",
            style: .text,
            limit: 10_000
        )
        #expect(throws: TemplateFault.self) { try wide.render(["l": list]) }
    }

    @Test func whatFailsIsReplacedByPlainText() {
        let own = channel(
            .email,
            ["title": "{{#l}}", "text": "{{#labels_many}}{{description}}{{/labels_many}}", "html": "<b>{{title}}</b>"]
        )
        let many = content(["labels_many": .array(Array(repeating: 1, count: 30_000))])
        let (message, problem) = ChannelRenderer().message(many, channel: own, messageID: "m")
        #expect(message.title == "[CRITICAL] Alert: CPU of db-1 above 95 %")
        #expect(message.text.contains("level: critical") && message.text.contains("host: db-1"))
        #expect(message.html == "<b>CPU of db-1 above 95 %</b>")
        #expect(problem?.contains("the template title does not compile") == true)
        #expect(problem?.contains("the template text repeats or puts in too much") == true)
    }

    @Test func aDigestCountsAndNamesTheWorst() {
        var contents = (0..<30).map { number in
            content(["title": .string("w\(number)"), "level": "warning", "host": .string("h\(number)")])
        }
        contents.append(content(["title": "the worst", "level": "critical"]))
        contents.append(
            content(["title": "over", "level": "critical", "transition": "recovered", "status": "resolved"])
        )
        let (message, problem) = ChannelRenderer().digest(
            contents,
            total: 500,
            channel: channel(.enterpriseWeChatBot),
            messageID: "batch-1"
        )
        #expect(problem == nil)
        #expect(message.title == "500 notices, 2 critical, 30 warning")
        let lines = message.text.split(separator: "\n").map(String.init)
        #expect(lines.contains("2 critical") && lines.contains("31 firing") && lines.contains("1 resolved"))
        #expect(lines.contains("- [CRITICAL] Alert: the worst (db-1)"))
        #expect(lines.contains("- [WARNING] Alert: w18 (h18)") && !message.text.contains("w19"))
        #expect(lines.contains("… and 480 more"))
        #expect(message.level == "critical")
        let mail = ChannelRenderer().digest(contents, total: 32, channel: channel(.email), messageID: "b").0
        #expect(mail.html?.contains("the worst") == true)
        let own = channel(.email, ["digest_title": "{{total}} Meldungen"])
        #expect(ChannelRenderer().digest(contents, total: 40, channel: own, messageID: "b").0.title == "40 Meldungen")
        #expect(ChannelRenderer().digest([], total: 0, channel: own, messageID: "b").0.title == "0 Meldungen")
    }

    /// Random texts made of template's pieces never stop the program, and what compiles renders.
    @Test func anyTextIsSurvived() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Numbers(seed: seed)
        let pieces = [
            "{{", "}}", "{", "}", "{{{", "}}}", "#", "^", "/", "a", "l", ".", "o.k", "(", ")", " ", "\n", "\r\n", "\t",
            "é", "👩‍👩‍👧", "\u{301}", "{{#l}}", "{{/l}}", "{{!", "&", "<", "last()", "{{.}}", "\\", "\"", "\u{0}", "=", "%",
            ">",
        ]
        for _ in 0..<3_000 {
            let text = (0..<Int.random(in: 0...14, using: &random))
                .map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
            for style in [TemplateStyle.title, .text, .html, .markdown, .json] {
                guard let template = try? MessageTemplate(text, style: style, limit: 10_000) else { continue }
                do throws(TemplateFault) {
                    _ = try template.render(["a": "<x>", "l": ["p", "q"], "o": ["k": true]])
                } catch {
                    Issue.record("seed \(seed): \(text.debugDescription): \(error.message)")
                }
            }
        }
    }
}

/// Numbers that come again with the same seed (SplitMix64).
private struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
