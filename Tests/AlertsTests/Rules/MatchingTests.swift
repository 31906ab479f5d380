// Match rules: what matches, what is refused, and the trap of the missing label.

import Alerts
import Foundation
import JSON
import Testing

@Suite struct MatchingTests {
    private static let subject = MatchSubject(
        sourceID: "prom-1",
        level: .critical,
        title: "Disk /data is full",
        content: "97 % used\non db-1",
        host: "db-1",
        status: "firing",
        labels: [Label("env", "prod"), Label("resource_type", "host"), Label("empty", ""), Label("city", "北京")]
    )

    private static func rules(_ items: [[(String, String, JSONValue)]]) -> JSONValue {
        .array(
            items.map { group in
                .array(group.map { ["key": .string($0.0), "operator": .string($0.1), "value": $0.2] })
            }
        )
    }

    private static func matches(_ items: [[(String, String, JSONValue)]]) throws -> Bool {
        try MatchRules(type: "filter", rules: rules(items)).matches(subject)
    }

    @Test(
        "One condition",
        arguments: [
            ("source_id", "eq", "prom-1", true), ("source_id", "eq", "prom", false), ("source_id", "ne", "prom", true),
            ("level", "eq", "critical", true), ("level", "eq", "CRITICAL", true), ("level", "eq", "0", true),
            ("level", "ne", "0", false), ("level_id", "eq", "0", true), ("level_id", "eq", "critical", true),
            ("level_id", "eq", "3", false), ("level_id", "re", "^[01]$", true), ("level", "contains", "crit", true),
            ("title", "contains", "/data", true), ("title", "contains", "/DATA", false),
            ("title", "not_contains", "/data", false), ("title", "not_contains", "/home", true),
            ("title", "re", "disk", false), ("title", "re", "(?i)disk", true), ("title", "re", "^Disk.*full$", true),
            ("content", "re", "on db-\\d", true), ("content", "contains", "used\non", true),
            ("host", "eq", "db-1", true), ("resource_id", "eq", "db-1", true), ("resource_name", "eq", "db-1", true),
            ("resource_type", "eq", "host", true), ("status", "eq", "firing", true), ("status", "ne", "firing", false),
            ("labels.env", "eq", "prod", true), ("labels.env", "ne", "prod", false),
            ("labels.city", "contains", "京", true), ("labels.city", "re", "^\\p{Han}+$", true),
            ("labels.none", "eq", "", true), ("labels.none", "eq", "x", false), ("labels.none", "ne", "x", true),
            ("labels.none", "ne", "", false), ("labels.none", "not_contains", "x", true),
            ("labels.none", "contains", "x", false), ("labels.none", "re", "^$", true),
            ("labels.empty", "eq", "", true), ("labels.empty", "ne", "x", true),
        ] as [(String, String, String, Bool)]
    )
    func condition(_ key: String, _ comparison: String, _ value: String, _ expected: Bool) throws {
        #expect(try Self.matches([[(key, comparison, .string(value))]]) == expected)
    }

    @Test("Groups are alternatives, conditions in a group all needed")
    func groups() throws {
        let (yes, no): ((String, String, JSONValue), (String, String, JSONValue)) = (
            ("host", "eq", "db-1"), ("host", "eq", "x")
        )
        #expect(try Self.matches([[yes, yes]]))
        #expect(try !Self.matches([[yes, no]]))
        #expect(try Self.matches([[yes, no], [yes]]))
        #expect(try !Self.matches([[no], [no, yes]]))
    }

    @Test("`all` matches everything, whatever its rules say, but they must make sense")
    func all() throws {
        #expect(try MatchRules(type: "all", rules: []).matches(Self.subject))
        let other: JSONValue = [[["key": "host", "operator": "eq", "value": "x"]]]
        #expect(try MatchRules(type: "all", rules: other).matches(Self.subject))
        #expect(throws: RuleFault.self) { try MatchRules(type: "all", rules: [[["key": "host"]]]) }
    }

    @Test("Numbers and booleans are taken as texts")
    func scalars() throws {
        #expect(try Self.matches([[("level_id", "eq", 0)]]))
        #expect(try Self.matches([[("title", "not_contains", true)]]))
    }

    @Test("What is refused, with its place")
    func refusals() {
        func item(_ key: JSONValue, _ comparison: JSONValue, _ value: JSONValue) -> JSONValue {
            ["key": key, "operator": comparison, "value": value]
        }
        let good = item("host", "eq", "x")
        let cases: [(JSONValue, String)] = [
            ([], "match_rules"), ("x", "match_rules"), ([:], "match_rules"), (.null, "match_rules"),
            ([[]], "match_rules[0]"), (["x"], "match_rules[0]"), ([[good], []], "match_rules[1]"),
            ([["x"]], "match_rules[0][0]"), ([[good, item("host", "is", "x")]], "match_rules[0][1].operator"),
            ([[good], [good, item("nothing", "eq", "x")]], "match_rules[1][1].key"),
            ([[item("labels.", "eq", "x")]], "match_rules[0][0].key"),
            ([[item(1, "eq", "x")]], "match_rules[0][0].key"),
            ([[item("host", .null, "x")]], "match_rules[0][0].operator"),
            ([[item("host", "eq", .null)]], "match_rules[0][0].value"),
            ([[item("host", "eq", ["a"])]], "match_rules[0][0].value"),
            ([[item("host", "eq", .string(String(repeating: "x", count: 1_001)))]], "match_rules[0][0].value"),
            ([[item("host", "eq", "a\u{0}b")]], "match_rules[0][0].value"),
            ([[item("host", "contains", "")]], "match_rules[0][0].value"),
            ([[item("host", "not_contains", "")]], "match_rules[0][0].value"),
            ([[item("host", "re", "")]], "match_rules[0][0].value"),
            ([[item("host", "re", "a(")]], "match_rules[0][0].value"),
            ([[item("host", "re", "(?=a)")]], "match_rules[0][0].value"),
            ([[item("level", "eq", "worst")]], "match_rules[0][0].value"),
            ([[item("status", "eq", "over")]], "match_rules[0][0].value"),
            ([[["key": "host", "operator": "eq", "value": "x", "more": 1]]], "match_rules[0][0].more"),
            (.array(Array(repeating: [good], count: 21)), "match_rules"),
            ([.array(Array(repeating: good, count: 21))], "match_rules[0]"),
            (
                .array(Array(repeating: .array(Array(repeating: item("host", "re", "x"), count: 14)), count: 3)),
                "match_rules[2][12].operator"
            ),
        ]
        for (rules, place) in cases {
            do {
                _ = try MatchRules(type: "filter", rules: rules)
                Issue.record("\(rules.text) was taken")
            } catch {
                #expect(error.field == place, "\(rules.text): \(error.text)")
            }
        }
        #expect(throws: RuleFault.self) { try MatchRules(type: "some", rules: []) }
        #expect(MatchRules.problem([[good]]) == nil)
        let problem = MatchRules.problem([[item("host", "re", "a(")]]) ?? ""
        #expect(problem.hasPrefix("[0][0].value: is no regular expression (RE2): missing )"))
    }

    @Test("What matches only since a label is missing is told apart")
    func absence() throws {
        func only(_ items: [[(String, String, JSONValue)]]) throws -> Bool {
            try MatchRules(type: "filter", rules: Self.rules(items)).matchesOnlyByAbsence(Self.subject)
        }
        #expect(try only([[("labels.none", "ne", "x")]]))
        #expect(try only([[("labels.none", "not_contains", "x"), ("host", "eq", "db-1")]]))
        #expect(try only([[("labels.none", "re", ".*")]]))
        #expect(try !only([[("labels.none", "ne", "x")], [("host", "eq", "db-1")]]))
        #expect(try !only([[("labels.env", "ne", "x")]]))
        #expect(try !only([[("labels.none", "eq", "")]]))
        #expect(try !only([[("labels.none", "ne", "")]]))
    }

    @Test("The same as the plain reading of the rules, for random ones")
    func property() throws {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        let texts = ["", "a", "b", "ab", "ba", "aab", "é", "e\u{301}"]
        let keys = ["host", "title", "content", "labels.x", "labels.y", "resource_id", "source_id"]
        let operators = ["eq", "ne", "contains", "not_contains", "re"]
        for number in 0..<3_000 {
            func text() -> String { texts.randomElement(using: &random) ?? "" }
            let labels = ["x", "y", "resource_id"].filter { _ in Bool.random(using: &random) }.map { Label($0, text()) }
            let subject = MatchSubject(
                sourceID: text(),
                level: .info,
                title: text(),
                content: text(),
                host: text(),
                status: "firing",
                labels: labels
            )
            let items = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    let comparison = operators.randomElement(using: &random) ?? "eq"
                    let mayBeEmpty = comparison == "eq" || comparison == "ne"
                    let value = mayBeEmpty ? text() : (text() + "a")
                    return (keys.randomElement(using: &random) ?? "host", comparison, JSONValue.string(value))
                }
            }
            let expected = items.contains { $0.allSatisfy { Self.naive($0, subject) } }
            let rules = try MatchRules(type: "filter", rules: Self.rules(items))
            #expect(rules.matches(subject) == expected, "seed \(seed), case \(number): \(Self.rules(items).text)")
        }
    }

    private static func naive(_ item: (String, String, JSONValue), _ subject: MatchSubject) -> Bool {
        func label(_ name: String) -> String { subject.labels.first { $0.name == name }?.value ?? "" }
        let text: String =
            switch item.0 {
            case "host": subject.host
            case "title": subject.title
            case "content": subject.content
            case "source_id": subject.sourceID
            case "resource_id": label("resource_id").isEmpty ? subject.host : label("resource_id")
            default: label(String(item.0.dropFirst(7)))
            }
        let (bytes, value) = (Array(text.utf8), Array((item.2.string ?? "").utf8))
        let isContained =
            value.isEmpty
            || (0..<max(0, bytes.count - value.count + 1)).contains { Array(bytes[$0...].prefix(value.count)) == value }
        return switch item.1 {
        case "eq": bytes == value
        case "ne": bytes != value
        case "not_contains": !isContained
        // The letters mean themselves in a pattern.
        default: isContained
        }
    }
}
