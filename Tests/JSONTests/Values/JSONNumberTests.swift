// Numbers: text kept, integers and doubles exact, equality by value.

import Foundation
import JSON
import Testing

struct JSONNumberTests {
    @Test(arguments: [
        ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("5.0", 5), ("5.000", 5), ("50e-1", 5), ("5e0", 5), ("0.5e1", 5),
        ("1e3", 1000), ("1.5e1", 15), ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
        ("9223372036854775807.0", Int64.max), ("92233720368547758070e-1", Int64.max), ("0e999999999999999999999", 0),
        ("0.000000000000000000000000000001e30", 1), ("1000000000000000000000000e-24", 1),
        ("1e18", 1_000_000_000_000_000_000),
    ])
    func wholeNumbersAreIntegers(_ text: String, _ int: Int64) throws {
        #expect(try #require(JSONNumber(text: text)).int == int)
        #expect(try JSONDocument(parsing: text).root.int == Int(int))
    }

    @Test(arguments: [
        "0.5", "5.5", "1e-1", "9223372036854775808", "-9223372036854775809", "1e19", "1e400", "5e-324",
        "1e-999999999999",
        "123456789012345678901234567890", "12345678901234567890.5", "18446744073709551616", "10000000000000000000",
    ])
    func othersAreNot(_ text: String) throws {
        #expect(try #require(JSONNumber(text: text)).int == nil)
        #expect(try JSONDocument(parsing: text).root.int == nil)
    }

    @Test func doublesAreExact() throws {
        var random = SeededGenerator()
        for _ in 0..<20_000 {
            let double = Double(bitPattern: UInt64.random(in: 0...UInt64.max, using: &random))
            guard double.isFinite else { continue }
            let number = JSONNumber(double)
            #expect(number.double == double, "seed \(random.seed)")
            let digits = String(UInt64.random(in: 0...UInt64.max, using: &random)).prefix(
                random.pick([3, 8, 15, 17, 20])
            )
            let text =
                "\(digits.first == "0" ? "1" : "")\(digits).\(random.next() % 1000)e\(Int(random.next() % 61) - 30)"
            let other = try #require(JSONNumber(text: text))
            #expect(other.double == strtod(text, nil), "seed \(random.seed): \(text)")
        }
    }

    @Test func beyondAllDoubles() {
        #expect(JSONNumber(text: "1e400")?.double == .infinity)
        #expect(JSONNumber(text: "-1e400")?.double == -.infinity)
        #expect(JSONNumber(text: "1e-400")?.double == 0)
        #expect(JSONNumber(text: "-0")?.double.sign == .minus)
    }

    @Test func notFiniteIsWrittenAsNull() {
        #expect(JSONNumber(Double.nan).text == "null")
        #expect(JSONNumber(Double.infinity).int == nil)
        #expect(JSONNumber(Double.nan).double.isNaN)
        #expect(JSONValue.double(.nan) == .null)
        #expect(JSONNumber(Double.nan) == JSONNumber(Double.infinity))
        #expect(JSONNumber(Double.nan) != JSONNumber(0))
        #expect(Set([JSONNumber(Double.nan), JSONNumber(0)]).count == 2)
    }

    @Test func equalityIsByValue() throws {
        let groups = [
            ["1", "1.0", "10e-1", "0.1e1", "1.000e0", "1E+0"], ["0", "-0", "0.0", "0e5", "-0.000e-7"],
            ["-1", "-1.0"], ["9007199254740992"], ["9007199254740993"], ["0.1", "1e-1", "0.10"],
            ["1e400", "10e399"], ["1e401"], ["1e99999999999999999999", "1e0099999999999999999999"], ["100", "1e2"],
        ]
        for (index, group) in groups.enumerated() {
            for (other, others) in groups.enumerated() {
                for left in group {
                    for right in others {
                        let (a, b) = (try #require(JSONNumber(text: left)), try #require(JSONNumber(text: right)))
                        #expect((a == b) == (index == other), "\(left) and \(right)")
                        if a == b { #expect(a.hashValue == b.hashValue, "\(left) and \(right)") }
                    }
                }
            }
        }
    }

    @Test func onlyNumbersAreTaken() {
        for text in ["", "-", "01", "1.", "1e", ".5", "+1", "1 ", " 1", "0x1", "NaN", "1,2", "null", "\"1\""] {
            #expect(JSONNumber(text: text) == nil)
        }
    }

    @Test func textIsKept() throws {
        for text in ["1.10", "1E5", "-0.0", "100000000000000000000000000001", "1e-07"] {
            #expect(try JSONValue(parsing: text).text == text)
        }
        #expect(JSONNumber(Int.min).text == "-9223372036854775808")
        #expect(JSONNumber(0.1).text == "0.1")
    }
}
