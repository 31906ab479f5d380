// Regular expressions that would take a backtracking engine years, and what bounds the rest.

import Alerts
import Testing

@Suite struct PatternTests {
    @Test(
        "Patterns that blow up elsewhere end",
        arguments: ["^(a+)+$", "(a|aa)+$", "(a|a?)+b", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*)*(.*)*(.*)*x", "(x+x+)+y"]
    )
    func bombs(_ text: String) throws {
        let pattern = try RulePattern(text)
        for length in [30, 4_000, 100_000] {
            #expect(!pattern.matches(String(repeating: "a", count: length) + "!"))
        }
    }

    @Test("Patterns that become too large are refused")
    func tooLarge() throws {
        for text in [
            "((a{30}){30}){30}", "\\pL{500}", "(.{0,90}){1,10}z", String(repeating: "x", count: 1_001), "a{1001}",
        ] {
            #expect(throws: RuleFault.self) { try RulePattern(text) }
        }
        #expect(throws: Never.self) { try RulePattern(String(repeating: "x", count: 1_000)) }
    }

    @Test("Only the beginning of a text is searched, and no character is cut in two")
    func searched() throws {
        let pattern = try RulePattern("needle")
        let filler = String(repeating: "x", count: RulePattern.searched - 6)
        #expect(pattern.matches(filler + "needle"))
        #expect(!pattern.matches(filler + "xneedle"))
        let chinese = String(repeating: "中", count: RulePattern.searched)
        #expect(try !RulePattern("[^中]").matches(chinese))
        // The end of what is searched is not the end of the text.
        #expect(try !RulePattern("^\\p{Han}+$").matches(chinese))
        #expect(try RulePattern("^\\p{Han}+$").matches("中文"))
        #expect(try RulePattern("^$").matches(""))
    }

    @Test("What is not UTF-8 or holds NUL is no accident")
    func odd() throws {
        #expect(throws: RuleFault.self) { try RulePattern("[z-a]") }
        #expect(throws: RuleFault.self) { try RulePattern("*") }
        #expect(throws: RuleFault.self) { try RulePattern("(a") }
        #expect(try RulePattern("a\u{0}b").matches("xa\u{0}by"))
    }

    @Test("One pattern is asked by many at once")
    func concurrent() async throws {
        let pattern = try RulePattern("^(host|node)-[0-9]+$")
        let wrong = await withTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    (0..<2_000).count { !pattern.matches("host-\(task)\($0)") || pattern.matches("hosts-\($0)") }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }
}
