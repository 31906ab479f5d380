// Texts that every JSON parser must take, and what they mean.

import JSON
import Testing

/// A text and its value written anew without blanks.
struct AcceptedText: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let written: String

    init(_ name: String, _ text: String, _ written: String? = nil) {
        self.name = name
        self.text = text
        self.written = written ?? text
    }

    var testDescription: String { name }

    static let all: [AcceptedText] = [
        .init("lonely null", "null"),
        .init("lonely true", "true"),
        .init("lonely false", "false"),
        .init("lonely number", "42"),
        .init("lonely negative number", "-0.1"),
        .init("lonely string", #""asd""#),
        .init("lonely empty string", #""""#),
        .init("blanks around", " \t\r\n null \n", "null"),
        .init("empty array", "[]"),
        .init("empty array with blanks", "[ \n\t\r ]", "[]"),
        .init("empty object", "{}"),
        .init("empty object with blanks", "{ \r\n }", "{}"),
        .init("nested empties", "[[],{},[[]],[{}]]"),
        .init("all kinds", #"[null,1,"1",{},[],true,false]"#),
        .init("blanks everywhere", #" { "a" : [ 1 , 2 ] , "b" : { } } "#, #"{"a":[1,2],"b":{}}"#),
        .init("indented", "{\n                    \"a\": 1\n}", #"{"a":1}"#),
        .init("sixteen blanks and a tab", "[                \t1]", "[1]"),
        .init("empty key", #"{"":0}"#),
        .init("escaped key", #"{"\u0061":1}"#, #"{"a":1}"#),
        .init("duplicate keys", #"{"a":1,"b":2,"a":3}"#, #"{"a":3,"b":2}"#),
        .init("duplicate keys, one escaped", #"{"a":1,"\u0061":2}"#, #"{"a":2}"#),
        .init("zero", "[0,-0,0.0,-0.0,0e0,0E+1,0e-1]"),
        .init("exponents", "[1e1,1E1,1e+1,1E-1,1.5e10,123e65,0.5e-3]"),
        .init("huge exponent", "[1e400,-1e400,1e-400]"),
        .init("huge exponent digits", "[0.4e00669999999999999999999999999999999999999999999999]"),
        .init("long integer", "[100000000000000000000,-123123123123123123123123123123]"),
        .init("long fraction", "[0.000000000000000000000000000000000000000000000000000000000001]"),
        .init("number before every end", #"[1,{"a":2},3 ,4]"#, #"[1,{"a":2},3,4]"#),
        .init("all escapes", #""\"\\\/\b\f\n\r\t""#, #""\"\\/\b\f\n\r\t""#),
        .init("unicode escapes, both cases", #""\u00e9\u00E9\u4e2d""#, #""éé中""#),
        .init("surrogate pair", #""\ud83d\uDE00""#, #""😀""#),
        .init("two surrogate pairs", #""\ud83d\ude39\ud83d\udc8d""#, #""😹💍""#),
        .init("last code point", #""\uDBFF\uDFFF""#, "\"\u{10FFFF}\""),
        .init("escaped null", #""\u0000""#),
        .init("escaped backslash before u", #""\\u0000""#),
        .init("noncharacter", "\"\u{FFFF}\u{10FFFE}\""),
        .init("delete is no control character", "\"a\u{7F}b\""),
        .init("line separators raw", "\"\u{2028}\u{2029}\u{85}\"", #""\u2028\u2029\u0085""#),
        .init("mark in a string", "\"\u{FEFF}a\""),
        .init("UTF-8 of all lengths", "\"a\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\""),
        .init("lone high surrogate", #""a\ud800b""#, "\"a\u{FFFD}b\""),
        .init("lone low surrogate", #""\udc00""#, "\"\u{FFFD}\""),
        .init("surrogates the wrong way round", #""\udc00\ud800""#, "\"\u{FFFD}\u{FFFD}\""),
        .init("high surrogate twice, then low", #""\ud83d\ud83d\ude00""#, "\"\u{FFFD}😀\""),
        .init("high surrogate before another escape", #""\ud83d\n""#, "\"\u{FFFD}\\n\""),
    ]
}

struct AcceptedTextsTests {
    @Test(arguments: AcceptedText.all) func isReadAndWritten(_ example: AcceptedText) throws {
        let value = try JSONValue(parsing: example.text)
        #expect(value.text == example.written)
        // Bytes, since `==` would not tell composed from decomposed letters.
        #expect(value.bytes == Array(example.written.utf8))
        #expect(try JSONValue(parsing: value.bytes) == value)
    }

    @Test(arguments: AcceptedText.all) func anyCutOfItIsJudgedWithoutHarm(_ example: AcceptedText) throws {
        let bytes = Array(example.text.utf8)
        for length in 0..<bytes.count {
            let part = Array(bytes[..<length])
            guard let document = try? JSONDocument(parsing: part) else { continue }
            // Only a number or trailing blanks may be cut and still be whole.
            #expect(
                document.root.kind == .number || bytes[length...].allSatisfy { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
            )
        }
    }
}
