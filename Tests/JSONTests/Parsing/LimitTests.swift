// Depth and length: bombs are refused early, and what is allowed does not exhaust the stack.

import Glibc
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

    @Test func manyMembersCostNoQuadraticTime() throws {
        func seconds(_ count: Int) throws -> Double {
            var writer = JSONWriter()
            writer.beginObject()
            for index in 0..<count {
                writer.key("key-\(index % (count * 3 / 5))")
                writer.int(index)
            }
            writer.endObject()
            let start = Self.processorTime
            let object = try #require(try JSONValue(parsing: writer.bytes).object)
            let isEqual = object == JSONObject(object.members.reversed())
            let spent = Self.processorTime - start
            #expect(isEqual)
            #expect(object.count == count * 3 / 5)
            #expect(object["key-0"]?.int == count * 3 / 5)
            return spent
        }
        // Sixteen times the members cost about sixteen times as much; 256 times if every name were looked for in a row.
        let few = try min(seconds(1000), seconds(1000), seconds(1000))
        let many = try seconds(16_000)
        #expect(many < few * 80)
    }

    /// Seconds this thread has worked; other load does not count.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
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
