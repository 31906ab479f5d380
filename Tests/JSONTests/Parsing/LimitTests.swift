// Depth and length: bombs are refused early, and what is allowed does not exhaust the stack.

import JSON
import Testing

struct LimitTests {
    private func nested(_ depth: Int, _ opening: String = "[", _ closing: String = "]") -> [UInt8] {
        Array((String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)).utf8)
    }

    @Test func depthIsCountedInContainers() throws {
        let limits = JSONLimits(depth: 3)
        for text in ["[[[]]]", "[[[1]],[[2]]]", #"{"a":[{"b":1}]}"#, "[[{}],[],[[]]]"] {
            #expect(throws: Never.self) { try JSONDocument(parsing: text, limits: limits) }
        }
        for (text, offset) in [("[[[[]]]]", 3), (#"{"a":[{"b":{}}]}"#, 11), ("[[[]],[[[]]]]", 8)] {
            let error = try #require(throws: JSONError.self) { try JSONDocument(parsing: text, limits: limits) }
            #expect(error.offset == offset)
            #expect(error.message.contains("more than 3 levels"))
        }
    }

    @Test func depthZeroAllowsScalarsOnly() throws {
        #expect(throws: Never.self) { try JSONDocument(parsing: "1", limits: JSONLimits(depth: 0)) }
        #expect(throws: JSONError.self) { try JSONDocument(parsing: "[]", limits: JSONLimits(depth: 0)) }
        #expect(throws: JSONError.self) { try JSONDocument(parsing: "[]", limits: JSONLimits(depth: -1)) }
    }

    @Test func standardDepthIs128() throws {
        #expect(throws: Never.self) { try JSONDocument(parsing: nested(128)) }
        #expect(throws: Never.self) { try JSONDocument(parsing: nested(128, "{\"a\":", "}")) }
        let error = try #require(throws: JSONError.self) { try JSONDocument(parsing: nested(129)) }
        #expect(error.offset == 128)
    }

    @Test func bombsAreRefused() throws {
        for opening in ["[", "{\"a\":", "[{\"a\":"] {
            let bomb = Array(String(repeating: opening, count: 200_000).utf8)
            let error = try #require(throws: JSONError.self) {
                try JSONDocument(parsing: bomb, limits: JSONLimits(depth: .max))
            }
            #expect(error.message.contains("1000 levels"))
            #expect(error.offset < 10_000)
        }
    }

    @Test func deepestValuesCanBeWalked() throws {
        let bytes = nested(500, "{\"a\":[", "]}")
        let value = try JSONValue(parsing: bytes, limits: JSONLimits(depth: 1000))
        #expect(value.bytes == bytes)
        #expect(value == value)
        #expect(Set([value]).contains(value))
    }

    @Test func lengthIsLimited() throws {
        let text = #"{"a":1}"#
        #expect(throws: Never.self) { try JSONDocument(parsing: text, limits: JSONLimits(bytes: 7)) }
        let error = try #require(throws: JSONError.self) {
            try JSONDocument(parsing: text, limits: JSONLimits(bytes: 6))
        }
        #expect(error.message.contains("7 bytes long; 6 are allowed"))
    }

    @Test(.timeLimit(.minutes(1))) func manyMembersCostNoQuadraticTime() throws {
        var writer = JSONWriter(capacity: 4_000_000)
        writer.beginObject()
        for index in 0..<100_000 {
            writer.key("key-\(index % 60_000)")
            writer.int(index)
        }
        writer.endObject()
        let object = try #require(try JSONValue(parsing: writer.bytes).object)
        #expect(object.count == 60_000)
        #expect(object["key-39999"]?.int == 99_999)
        #expect(object["key-59999"]?.int == 59_999)
        let isEqual = object == JSONObject(object.members.reversed())
        #expect(isEqual)
    }

    @Test func growingTapesStayWhole() throws {
        // Far more entries than are reserved at first.
        let count = 50_000
        let text = "[" + (0..<count).map(String.init).joined(separator: ",") + "]"
        let document = try JSONDocument(parsing: text)
        #expect(document.root.count == count)
        #expect(document.root.elements.enumerated().allSatisfy { $0.offset == $0.element.int })
    }
}
