// Texts that are not JSON: the byte at which each goes wrong, and some words of what is said about it.

import JSON
import Testing

struct RefusedText: Sendable, CustomTestStringConvertible {
    let text: String
    let offset: Int
    let words: String

    init(_ text: String, _ offset: Int, _ words: String) {
        self.text = text
        self.offset = offset
        self.words = words
    }

    var testDescription: String { text.debugDescription }

    static let structure: [RefusedText] = [
        .init("", 0, "empty"),
        .init(" \n", 2, "empty"),
        .init("[", 1, "value but found the end"),
        .init("{", 1, "member name"),
        .init("]", 0, "value but found ']'"),
        .init("}", 0, "value but found '}'"),
        .init("[1", 2, "',' or ']'"),
        .init("[1,", 3, "value but found the end"),
        .init("[1,]", 3, "comma stands before ']'"),
        .init("[1 , ]", 5, "comma stands before ']'"),
        .init("[,1]", 1, "value but found ','"),
        .init("[1,,2]", 3, "value but found ','"),
        .init("[1 2]", 3, "',' or ']'"),
        .init("[1:2]", 2, "',' or ']'"),
        .init("[1}", 2, "',' or ']' after an element of an array but found '}'"),
        .init("[[]", 3, "',' or ']'"),
        .init("[]]", 2, "complete, but ']' follows"),
        .init("[] []", 3, "complete, but '[' follows"),
        .init("{}}", 2, "complete"),
        .init("1 2", 2, "complete"),
        .init("null,", 4, "complete"),
        .init("nullx", 4, "complete"),
        .init("[]\u{0}", 2, "byte 0x00 follows"),
        .init("{\"a\"", 4, "':'"),
        .init("{\"a\" 1}", 5, "':'"),
        .init("{\"a\",1}", 4, "':'"),
        .init("{\"a\":", 5, "value but found the end"),
        .init("{\"a\":}", 5, "value but found '}'"),
        .init("{\"a\":1", 6, "',' or '}'"),
        .init("{\"a\":1,}", 7, "comma stands before '}'"),
        .init("{\"a\":1,,\"b\":2}", 7, "member name"),
        .init("{\"a\":1 \"b\":2}", 7, "',' or '}'"),
        .init("{\"a\":1]", 6, "',' or '}'"),
        .init("{a:1}", 1, "member name in double quotes"),
        .init("{1:1}", 1, "member name"),
        .init("{'a':1}", 1, "member name in double quotes"),
        .init("{\"a\"::1}", 5, "value but found ':'"),
        .init("{null:1}", 1, "member name"),
        .init("{[]:1}", 1, "member name"),
        .init("['a']", 1, "double quotes"),
        .init("[1] // x", 4, "complete"),
        .init("[/* x */1]", 1, "comments"),
        .init("# x\n1", 0, "comments"),
        .init("\u{FEFF}{}", 0, "byte order mark"),
        .init("\u{A0}1", 0, "byte 0xC2"),
        .init("\u{C}1", 0, "byte 0x0C"),
        .init("[\u{B}1]", 1, "byte 0x0B"),
        .init("[1\u{0}]", 2, "byte 0x00"),
        .init("*", 0, "value but found '*'"),
        .init("\"a\":1", 3, "complete, but ':' follows"),
    ]

    static let scalars: [RefusedText] = [
        .init("nul", 0, "'true', 'false' or 'null'"),
        .init("nulL", 0, "bare words"),
        .init("[tru]", 1, "bare words"),
        .init("[fals]", 1, "bare words"),
        .init("falsy", 0, "bare words"),
        .init("fxlse", 0, "bare words"),
        .init("True", 0, "lower case"),
        .init("False", 0, "lower case"),
        .init("NaN", 0, "NaN"),
        .init("None", 0, "None"),
        .init("Infinity", 0, "Infinity"),
        .init("-Infinity", 1, "digit after '-'"),
        .init("-", 1, "digit after '-'"),
        .init("[-]", 2, "digit after '-'"),
        .init("--1", 1, "digit after '-'"),
        .init("+1", 0, "begins with a digit"),
        .init(".5", 0, "begins with a digit"),
        .init("01", 0, "superfluous 0"),
        .init("-012", 1, "superfluous 0"),
        .init("00", 0, "superfluous 0"),
        .init("1.", 2, "decimal point"),
        .init("[1.]", 3, "decimal point"),
        .init("1.e1", 2, "decimal point"),
        .init("-.5", 1, "digit after '-'"),
        .init("1e", 2, "exponent"),
        .init("1e+", 3, "exponent"),
        .init("1eE2", 2, "exponent"),
        .init("0e+-1", 3, "exponent"),
        .init("1.2.3", 3, "complete"),
        .init("0x10", 1, "complete"),
        .init("1_000", 1, "complete"),
        .init("1a", 1, "complete"),
        .init("１", 0, "byte 0xEF"),
    ]

    static let strings: [RefusedText] = [
        .init("\"", 1, "ends inside a string"),
        .init("\"abc", 4, "ends inside a string"),
        .init("\"abcdefghijk", 12, "ends inside a string"),
        .init("\"\\", 2, "ends inside a string"),
        .init("\"\\\"", 3, "ends inside a string"),
        .init("\"\\u12", 5, "ends inside a string"),
        .init("\"\\x41\"", 1, "backslash"),
        .init("\"\\a\"", 1, "backslash"),
        .init("\"\\'\"", 1, "backslash"),
        .init("\"\\0\"", 1, "backslash"),
        .init("\"\\\n\"", 1, "backslash"),
        .init("\"\\U0041\"", 1, "backslash"),
        .init("\"\\é\"", 1, "backslash"),
        .init("\"\\u00g0\"", 1, "four hexadecimal digits"),
        .init("\"\\u00\"", 1, "four hexadecimal digits"),
        .init("\"\\u{41}\"", 1, "four hexadecimal digits"),
        .init("\"\\ud83d\\ude0\"", 7, "four hexadecimal digits"),
        .init("\"a\nb\"", 2, "byte 0x0A"),
        .init("\"a\tb\"", 2, "byte 0x09"),
        .init("\"abcdefgh\u{0}\"", 9, "byte 0x00"),
        .init("{\"a\nb\":1}", 3, "control character"),
    ]
}

struct RefusedTextsTests {
    @Test(arguments: RefusedText.structure + RefusedText.scalars + RefusedText.strings)
    func isRefusedAtItsPlace(_ example: RefusedText) throws {
        let error = try #require(throws: JSONError.self) { try JSONDocument(parsing: example.text) }
        #expect(error.offset == example.offset, "\(error)")
        #expect(error.message.contains(example.words), "\(error)")
    }

    @Test(arguments: 0..<0x20) func noControlCharacterMayStandRaw(_ control: UInt8) {
        for padding in 0..<18 {
            let content = [UInt8](repeating: 0x61, count: padding) + [control] + [UInt8](repeating: 0x62, count: 9)
            let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: [0x22] + content + [0x22]) }
            #expect(error?.offset == padding + 1)
        }
    }

    @Test(arguments: 0...255) func onlyFourBytesAreBlanks(_ byte: UInt8) {
        let isBlank = [0x20, 0x09, 0x0A, 0x0D].contains(byte)
        for text in [[byte] + Array("[1]".utf8), Array("[1".utf8) + [byte] + Array("]".utf8)] {
            let isDigit = byte >= 0x30 && byte <= 0x39 && text[0] != byte
            let isTaken = (try? JSONDocument(parsing: text)) != nil
            #expect(isTaken == (isBlank || isDigit))
        }
    }
}
