// What the writer writes is JSON, with the commas where they belong.

import JSON
import Testing

struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 16)
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func commasAreAutomatic() {
        let text = written {
            $0.beginObject()
            $0.key("a")
            $0.int(1)
            $0.key("b")
            $0.beginArray()
            $0.beginArray()
            $0.endArray()
            $0.beginObject()
            $0.endObject()
            $0.null()
            $0.bool(true)
            $0.string("x")
            $0.text(JSONText(escaping: "y\n"))
            $0.double(1.5)
            $0.value(["z": 1])
            $0.raw(Array("7".utf8))
            $0.endArray()
            $0.key("c")
            $0.bool(false)
            $0.members(Array(#""d":1,"e":2"#.utf8))
            $0.members([UInt8]())
            $0.key("f")
            $0.object(["g": "h"])
            $0.endObject()
        }
        #expect(text == #"{"a":1,"b":[[],{},null,true,"x","y\n",1.5,{"z":1},7],"c":false,"d":1,"e":2,"f":{"g":"h"}}"#)
    }

    @Test func membersMayComeFirst() {
        let text = written {
            $0.beginObject()
            $0.members([UInt8]())
            $0.members(Array(#""a":1"#.utf8))
            $0.key("b")
            $0.int(2)
            $0.endObject()
        }
        #expect(text == #"{"a":1,"b":2}"#)
    }

    @Test func listsWithoutBracketsAreJoined() {
        #expect(
            written {
                $0.key("a")
                $0.int(1)
                $0.key("b")
                $0.int(2)
            } == #""a":1,"b":2"#
        )
    }

    @Test func anEmptyRawValueLeavesNoHole() {
        #expect(
            written {
                $0.beginObject()
                $0.key("a")
                $0.raw([UInt8]())
                $0.endObject()
            } == #"{"a":null}"#
        )
    }

    @Test func preparedBytesGetNoComma() {
        var writer = JSONWriter()
        writer.bytes = Array("data: ".utf8)
        writer.beginArray()
        writer.int(1)
        writer.endArray()
        #expect(writer.bytes == Array("data: [1]".utf8))
    }

    @Test func integersOfAllSizes() {
        let ints = [0, 1, 9, 10, -1, -10, 99, 100, Int.max, Int.min, 1_000_000_007]
        for int in ints { #expect(written { $0.int(int) } == String(int)) }
        #expect(written { $0.int(UInt64.max) } == "18446744073709551615")
        #expect(written { $0.int(UInt8(7)) } == "7")
        #expect(written { $0.int(Int128.min) } == String(Int128.min))
    }

    @Test func doubles() throws {
        for double in [0, -0.0, 0.1, 1, -2.5, 1e16, 1e-7, 1e300, .leastNonzeroMagnitude, .pi, .greatestFiniteMagnitude]
        {
            #expect(try JSONDocument(parsing: written { $0.double(double) }).root.double == double)
        }
        for double in [Double.nan, .infinity, -.infinity] { #expect(written { $0.double(double) } == "null") }
    }

    @Test func namesAreEscaped() {
        let odd = "a\"\n\u{2028}中"
        #expect(
            written {
                $0.key(odd)
                $0.null()
            } == #""a\"\n\u2028中":null"#
        )
    }

    @Test func randomValuesComeBack() throws {
        var random = SeededGenerator()
        for round in 0..<400 {
            let value = random.value()
            let note: Comment = "seed \(random.seed), round \(round): \(value.text)"
            let read = try JSONValue(parsing: value.bytes)
            #expect(read == value, note)
            #expect(read.bytes == value.bytes, note)
        }
    }
}
