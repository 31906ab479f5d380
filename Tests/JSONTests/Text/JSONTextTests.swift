// Escaping, unescaping, and fragments that are joined wherever they were cut.

import JSON
import Testing

struct JSONTextTests {
    @Test(arguments: 0..<0x20) func everyControlCharacterIsEscaped(_ control: UInt8) throws {
        let text = "a\(Unicode.Scalar(control))b"
        let escaped = JSONText(escaping: text)
        let short: [UInt8: String] = [8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"]
        let hex = String(control, radix: 16)
        let expected = short[control] ?? "\\u00\(hex.count == 1 ? "0" : "")\(hex)"
        #expect(String(decoding: escaped.bytes, as: UTF8.self) == "a\(expected)b")
        #expect(escaped.decoded == text)
        #expect(try JSONDocument(parsing: [0x22] + escaped.bytes + [0x22]).root.string == text)
    }

    @Test func specialsAreEscapedAtEveryPosition() {
        let specials = [
            ("\"", "\\\""), ("\\", "\\\\"), ("\n", "\\n"), ("\u{85}", "\\u0085"), ("\u{2028}", "\\u2028"),
            ("\u{2029}", "\\u2029"), ("\u{0}", "\\u0000"),
        ]
        for (special, escape) in specials {
            for before in 0..<18 {
                for after in [0, 1, 7, 8, 9] {
                    let (left, right) = (String(repeating: "x", count: before), String(repeating: "中", count: after))
                    let escaped = JSONText(escaping: left + special + right)
                    #expect(escaped.bytes == Array((left + escape + right).utf8))
                }
            }
        }
    }

    @Test func neighboursOfSpecialsStandRaw() {
        for text in [
            "\u{7F}", "\u{84}\u{86}", "\u{2027}\u{202A}", "\u{20A8}", "\u{28}", "/", "'", "😀", "\u{FEFF}", "\u{C2}",
        ] {
            #expect(JSONText(escaping: text).bytes == Array(text.utf8))
        }
    }

    @Test func noLineReaderIsMisled() {
        var everything = ""
        for value in UInt32(0)...0x2100 { Unicode.Scalar(value).map { everything.unicodeScalars.append($0) } }
        let written = String(decoding: JSONText(escaping: everything).bytes, as: UTF8.self)
        #expect(!written.contains { $0.isNewline })
    }

    @Test func fragmentsSplitAnywhereJoinToTheSameText() throws {
        var random = SeededGenerator()
        for round in 0..<500 {
            let text = random.text(upTo: 60)
            var joined = JSONText()
            var piece = String.UnicodeScalarView()
            for scalar in text.unicodeScalars {
                piece.append(scalar)
                if random.chance(3) {
                    joined.append(JSONText(escaping: String(piece)))
                    piece = String.UnicodeScalarView()
                }
            }
            joined.append(JSONText(escaping: String(piece)))
            let note: Comment = "seed \(random.seed), round \(round): \(text.debugDescription)"
            #expect(joined == JSONText(escaping: text), note)
            #expect(joined.decoded.utf8.elementsEqual(text.utf8), note)
        }
    }

    @Test func surrogatesSplitOverTwoFragmentsMeetAgain() throws {
        let first = try #require(try JSONDocument(parsing: #""a\ud83d""#).root.escapedContent)
        let second = try #require(try JSONDocument(parsing: #""\ude00b""#).root.escapedContent)
        #expect(first.decoded == "a\u{FFFD}")
        #expect(second.decoded == "\u{FFFD}b")
        var joined = first
        joined.append(second)
        #expect(joined.decoded == "a😀b")
    }

    @Test func contentThatWasNeverCheckedDoesNoHarm() {
        for bytes in ["\\", "\\u", "\\u12", "\\u12G4", "\\q", "a\\", "\\ud83d\\u", "\\ud83d\\ude0", "\\\\\\"] {
            var text = JSONText()
            text.bytes = Array(bytes.utf8)
            #expect(!text.decoded.isEmpty)
        }
        var text = JSONText()
        text.bytes = Array(#"\q\u12"#.utf8)
        #expect(text.decoded == #"\q\u12"#)
        text.bytes = [0xFF, 0x41]
        #expect(text.decoded == "\u{FFFD}A")
    }

    @Test func counts() {
        #expect(JSONText().isEmpty)
        #expect(JSONText(escaping: "").isEmpty)
        #expect(JSONText(escaping: "a\n").count == 3)
    }
}
