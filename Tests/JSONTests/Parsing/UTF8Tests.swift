// Ill-formed UTF-8 is refused wherever it stands; well-formed is taken whole.

import JSON
import Testing

struct UTF8Tests {
    /// By The Unicode Standard, table 3-7: overlong forms, surrogates, beyond U+10FFFF, stray and missing bytes.
    static let illFormed: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x22], [0xC2, 0xC2], [0xDF, 0x7F],
        [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xE0, 0xA0], [0xE1, 0x80], [0xE1, 0x80, 0xC0], [0xE1, 0x41, 0x80],
        [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF], [0xE4, 0xB8], [0xE4], [0xEE, 0x80, 0x41],
        [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x90, 0x80], [0xF0, 0x9F, 0x98, 0x41],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        [0xF1, 0x80, 0x80, 0xC0],
    ]

    @Test(arguments: illFormed) func isRefusedAtEveryPosition(_ sequence: [UInt8]) throws {
        let fillings: [[UInt8]] = [
            Array("abcdefghijklmnopqr".utf8), Array("中文中文中文".utf8), Array("é中😀aé中😀b".utf8),
        ]
        for filling in fillings {
            for position in 0...filling.count where position == filling.count || filling[position] & 0xC0 != 0x80 {
                let content = filling[..<position] + sequence + filling[position...]
                let inValue = [0x22] + content + [0x22]
                let error = try #require(throws: JSONError.self) { try JSONDocument(parsing: inValue) }
                #expect(error.message.contains("UTF-8"))
                #expect(error.offset == position + 1)
                let inKey: [UInt8] = [0x7B] + inValue + Array(":1}".utf8)
                #expect(throws: JSONError.self) { try JSONDocument(parsing: inKey) }
                let cut = [0x22] + filling[..<position] + sequence
                #expect(throws: JSONError.self) { try JSONDocument(parsing: cut) }
            }
        }
    }

    @Test func everyByteDamagedIsFound() throws {
        let good = Array("\"日本語 é 😀 中文\"".utf8)
        for position in 1..<(good.count - 1) {
            for byte in [UInt8(0x80), 0xC0, 0xFF, 0xED, 0xF4] {
                var bytes = good
                bytes[position] = byte
                let isText = String(validating: bytes, as: UTF8.self) != nil
                let isTaken = (try? JSONDocument(parsing: bytes)) != nil
                #expect(isTaken == isText, "byte \(byte) at \(position)")
            }
        }
    }

    @Test func allTwoAndThreeByteBeginningsAreJudgedAsTheLibraryDoes() {
        for first in UInt8(0x80)...0xFF {
            for second in UInt8(0x22)...0xFF where second != 0x22 && second != 0x5C {
                for tail: [UInt8] in [[], [0x80], [0xBF], [0x80, 0x80], [0xBF, 0xBF], [0x41, 0x41, 0x41]] {
                    let content = [first, second] + tail
                    let isText = String(validating: content, as: UTF8.self) != nil
                    let isTaken = (try? JSONDocument(parsing: [0x22] + content + [0x22])) != nil
                    if isTaken != isText { Issue.record("\(content): text \(isText), taken \(isTaken)") }
                }
            }
        }
    }

    @Test func everyScalarPassesAndIsReadBack() throws {
        var text = ""
        for value in UInt32(0x20)...0x10FFFF where value < 0x3000 || value % 17 == 0 || value & 0xFFFF > 0xFF00 {
            if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
        }
        let value = JSONValue.string(text)
        let read = try JSONValue(parsing: value.bytes)
        #expect(read.string?.utf8.elementsEqual(text.utf8) == true)
    }

    @Test func rawBytesOutsideStringsAreRefused() {
        for byte in UInt8(0x80)...0xFF {
            #expect(throws: JSONError.self) { try JSONDocument(parsing: [0x5B, byte, 0x5D]) }
        }
    }
}
