// Edits change what they name and nothing else.

import JSON
import Testing

struct SpliceTests {
    private func spliced(_ text: String, _ edits: [(Range<Int>, String)]) -> String {
        let result = splice(Array(text.utf8), edits.map { (range: $0.0, replacement: Array($0.1.utf8)) })
        return String(decoding: result, as: UTF8.self)
    }

    @Test func replacesInsertsAndDeletes() {
        #expect(spliced("0123456789", []) == "0123456789")
        #expect(spliced("0123456789", [(2..<4, "ab")]) == "01ab456789")
        #expect(spliced("0123456789", [(0..<0, "<"), (10..<10, ">")]) == "<0123456789>")
        #expect(spliced("0123456789", [(0..<10, "")]) == "")
        #expect(
            spliced("0123456789", [(1..<3, ""), (3..<4, "xyz"), (4..<4, "-"), (4..<4, "+"), (9..<10, "!")])
                == "0xyz-+45678!"
        )
        #expect(spliced("", [(0..<0, "a")]) == "a")
    }

    @Test func othersBytesSurvive() throws {
        let text = #"{ "model" : "gpt" ,"x_unknown":{"z" : 1.0e+2,"é":"\u00e9\/"}, "stream":true , "n":1 }"#
        let document = try JSONDocument(parsing: text)
        let model = try #require(document.root["model"])
        let stream = try #require(document.root["stream"])
        let result = splice(
            document.bytes,
            [(model.range, JSONValue("other \"model\"").bytes), (stream.range, Array("false".utf8))]
        )
        let expected =
            #"{ "model" : "other \"model\"" ,"x_unknown":{"z" : 1.0e+2,"é":"\u00e9\/"}, "stream":false , "n":1 }"#
        #expect(String(decoding: result, as: UTF8.self) == expected)
    }

    @Test func randomDocumentsKeepAllButTheEditedMembers() throws {
        var random = SeededGenerator()
        for round in 0..<300 {
            var object = JSONObject()
            for index in 0..<Int.random(in: 1...12, using: &random) { object["k\(index)"] = random.value(depth: 2) }
            let document = try JSONDocument(parsing: random.spelling(.object(object)))
            var edits: [(range: Range<Int>, replacement: [UInt8])] = []
            var expected = object
            for member in document.root.members where random.chance(2) {
                let value = random.value(depth: 2)
                edits.append((member.value.range, value.bytes))
                expected[member.key] = value
            }
            let result = try JSONValue(parsing: splice(document.bytes, edits))
            #expect(result == .object(expected), "seed \(random.seed), round \(round)")
            #expect(result.object?.keys == object.keys, "seed \(random.seed), round \(round)")
        }
    }
}
