// Calls in the text of models that know none: found wherever they are cut, and nothing else taken for one.

import JSON
import OpenAIProtocol
import Testing

@testable import Providers

@Suite struct CallFinderTests {
    private func find(_ text: String, split: Int) -> (text: String, calls: [String]) {
        var finder = CallFinder(tools: ["f", "g"])
        let scalars = Array(text.unicodeScalars)
        let head = String(String.UnicodeScalarView(scalars[..<split]))
        let tail = String(String.UnicodeScalarView(scalars[split...]))
        var said = ""
        var calls: [String] = []
        for finding in finder.take(head) + finder.take(tail) + finder.end() {
            switch finding {
            case .text(let text): said += text
            case .call(let name, let arguments): calls.append("\(name)\(arguments)")
            }
        }
        return (said, calls)
    }

    @Test(arguments: [
        (#"{"tool":"f","arguments":{"x":"}\"é"}}"#, "", [#"f{"x":"}\"é"}"#]),
        (
            "Let me look.\n```json\n{\"tool\": \"f\", \"arguments\": {}}\n```\nThe result is 5.", "Let me look.\n",
            ["f{}"]
        ),
        ("  {\"name\":\"g\",\"parameters\":{\"a\":[1]}}", "  ", [#"g{"a":[1]}"#]),
        (#"{"tool_calls":[{"name":"f","arguments":"{}"},{"function":{"name":"g"}}]}"#, "", ["f{}", "g{}"]),
        ("{\"tool\":\"f\"}\n{\"tool\":\"g\"}", "", ["f{}", "g{}"]),
        // No calls: another tool, half a call, broken ones, JSON and code for people.
        (#"{"tool":"rm","arguments":{}}"#, #"{"tool":"rm","arguments":{}}"#, []),
        (#"{"tool":"f","arguments":{"#, #"{"tool":"f","arguments":{"#, []),
        (#"{"tool":"f","arguments":[1]}"#, #"{"tool":"f","arguments":[1]}"#, []),
        ("{\"tool\":\"f\",}x", "{\"tool\":\"f\",}x", []),
        ("a {\"tool\":\"f\"} b", "a {\"tool\":\"f\"} b", []),
        ("```swift\nlet x = {}\n```\n`{`", "```swift\nlet x = {}\n```\n`{`", []),
        ("{\"a\":1}\n{", "{\"a\":1}\n{", []), ("", "", []),
    ]) func found(_ text: String, _ said: String, _ calls: [String]) {
        for split in 0...text.unicodeScalars.count {
            let result = find(text, split: split)
            #expect(result.text == said)
            #expect(result.calls == calls)
        }
    }

    /// After an object that is too long, or has no end, nothing is looked for: each line of it could begin another.
    @Test(arguments: [300 << 10, 10]) func afterAnObjectWithoutAnEndAllIsText(_ length: Int) {
        let text = "{\"tool\":\"f\",[" + String(repeating: "x", count: length) + "\n{\"tool\":\"f\"}\n"
        let result = find(text, split: 20)
        #expect(result.text == text)
        #expect(result.calls == [])
    }

    /// In small pieces an object is still read once: again for each piece would take hours.
    @Test(.timeLimit(.minutes(1))) func piecesAreReadOnce() {
        var finder = CallFinder(tools: ["f"])
        var findings = finder.take("{\"tool\":\"f\",\"arguments\":{\"x\":\"")
        for _ in 0..<200_000 { findings += finder.take("}") }
        #expect(findings.isEmpty)
        findings += finder.take("\"}}")
        #expect(findings.count == 1 && finder.hasCall)
    }

    /// Text that cannot be a call is not kept waiting.
    @Test func onlyWhatMayBeACallIsHeld() {
        var finder = CallFinder(tools: ["f"])
        #expect(finder.take("Hello") == [.text("Hello")])
        #expect(finder.take("\n{\"a") == [.text("\n")])
        #expect(finder.take("b\":") == [.text("{\"ab\":")])
    }
}
