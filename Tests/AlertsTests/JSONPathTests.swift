// The small JSONPath: what is a path, what is none, and what a path finds.

import Alerts
import JSON
import Testing

@Suite struct JSONPathTests {
    private static let document = """
        {"a":{"b":[{"c":1},{"c":2},{"d":3},7]},"it's":{"x.y":"dots"},"":"empty","名":"名前","list":[[1,2],[3]]}
        """

    private static let good: [(String, [String])] = [
        ("$.a.b[0].c", ["1"]), ("$.a.b[*].c", ["1", "2"]), ("$['a']['b'][2][\"d\"]", ["3"]),
        ("$['it\\'s']['x.y']", ["\"dots\""]), ("$['']", ["\"empty\""]), ("$.名", ["\"名前\""]),
        ("$.list[*][*]", ["1", "2", "3"]), ("$.a.b[9].c", []), ("$.a.b.c", []), ("$.nothing[*]", []),
        ("$.a.b[3].c", []), ("$.a[*][3]", ["7"]),
    ]

    @Test("What a path finds", arguments: good)
    func finds(_ text: String, _ expected: [String]) throws {
        let document = try JSONDocument(parsing: Self.document)
        let found = try JSONPath(parsing: text).values(in: document.root, limit: 10)
        #expect(found.map { String(decoding: $0.rawBytes, as: UTF8.self) } == expected)
    }

    @Test(
        "What is no path",
        arguments: [
            "", "a", ".a", "$a", "$.", "$..a", "$.a.", "$[", "$[]", "$[-1]", "$[1", "$['a", "$['a'", "$.a b",
            "$[?(@.a)]", "$[1:2]", "$[*", "$.a[x]", "$[99999999]", "$ ", "$.a,b", "$[１]",
            String(repeating: "$.a", count: 300), "$" + String(repeating: ".a", count: 21),
        ]
    )
    func refused(_ text: String) {
        #expect(throws: JSONPathFault.self) { try JSONPath(parsing: text) }
    }

    @Test("The root is a path, and looking is bounded")
    func bounds() throws {
        let many = JSONValue.array((0..<200).map { _ in .array((0..<200).map { .integer($0) }) })
        let root = try JSONDocument(parsing: many.bytes).root
        #expect(try JSONPath(parsing: "$").first(in: root)?.kind == .array)
        #expect(try JSONPath(parsing: "$[*][*]").values(in: root, limit: 30).count == 30)
        #expect(try JSONPath(parsing: "$[*][*].x").values(in: root, limit: 30).isEmpty)
        #expect(try JSONPath(parsing: "$[*][*]").values(in: root, limit: .max, visits: 1_000).count < 1_000)
    }

    @Test("Any text is a path or a fault")
    func random() {
        let seed = UInt64.random(in: 0..<1_000_000)
        var random = SeededNumbers(seed: seed)
        let pieces = [
            "$", ".", "[", "]", "*", "'", "\"", "\\", "a", "0", "9", "名", " ", "-", "=", "\u{0}", "\r\n", "@",
        ]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            guard let path = try? JSONPath(parsing: text) else { continue }
            #expect(text.hasPrefix("$"), "seed \(seed): \(text)")
            #expect(path.steps.count <= JSONPath.maximumSteps)
        }
    }
}
