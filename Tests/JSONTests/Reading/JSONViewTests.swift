// Looking into a document: kinds, members, elements, ranges, and what is not there.

import JSON
import Testing

struct JSONViewTests {
    private let document: JSONDocument
    private var root: JSONView { document.root }

    init() throws {
        document = try JSONDocument(
            parsing: #"""
                {"model": "gpt-4o", "stream":true, "off":false, "n": 2, "half": 0.5, "none":null,
                 "messages": [ {"role":"user","content":"He said \"hi\" \u4e2d\uD83D\uDE00"}, {"role":"tool"} ],
                 "empty": {}, "list": [], "mod\u0065l2": 1, "n": 3, "a long key that does not fit": [1,[2,3],{"x":4},5]}
                """#
        )
    }

    @Test func kinds() throws {
        let kinds: [(String, JSONKind)] = [
            ("model", .string), ("stream", .bool), ("off", .bool), ("n", .number), ("none", .null),
            ("messages", .array), ("empty", .object),
        ]
        for (key, kind) in kinds { #expect(root[key]?.kind == kind) }
        #expect(root.kind == .object)
        #expect(root["none"]?.isNull == true)
        #expect(root["stream"]?.bool == true)
        #expect(root["off"]?.bool == false)
        #expect(root["half"]?.double == 0.5)
        #expect(root["half"]?.int == nil)
        #expect(root["half"]?.number?.text == "0.5")
    }

    @Test func lastOfDuplicatesWins() {
        #expect(root["n"]?.int == 3)
        #expect(root.members.filter { $0.keyEquals("n") }.map { $0.value.int } == [2, 3])
        #expect(root.value["n"]?.int == 3)
    }

    @Test func whatIsNotThereIsNil() {
        #expect(root["nothing"] == nil)
        #expect(root["mode"] == nil)
        #expect(root["modell"] == nil)
        #expect(root[""] == nil)
        #expect(root[0] == nil)
        #expect(root["model"]?["x"] == nil)
        #expect(root["list"]?[0] == nil)
        #expect(root["messages"]?[2] == nil)
        #expect(root["messages"]?[-1] == nil)
        let text = root["model"]
        #expect(text?.int == nil && text?.double == nil && text?.bool == nil && text?.number == nil)
        #expect(root["n"]?.string == nil && root["n"]?.escapedContent == nil)
        #expect(root["n"]?.stringEquals("3") == false)
        #expect(root["n"]?.members.map(\.key) == [])
        #expect(root["empty"]?.elements.map(\.kind).isEmpty == true)
        #expect(root["list"]?.members.map(\.key).isEmpty == true)
    }

    @Test func escapedNamesAreFoundByWhatTheyStandFor() {
        #expect(root["model2"]?.int == 1)
        #expect(root[#"mod\u0065l2"#] == nil)
    }

    @Test func elementsAndCounts() throws {
        let list = try #require(root["a long key that does not fit"])
        #expect(list.count == 4)
        #expect(list.elements.map(\.kind) == [.number, .array, .object, .number])
        #expect(list[3]?.int == 5)
        #expect(list[1]?[1]?.int == 3)
        #expect(list[2]?["x"]?.int == 4)
        #expect(root.count == 12)
        #expect(root["empty"]?.count == 0)
        #expect(root["list"]?.count == 0)
        #expect(root["model"]?.count == 0)
    }

    @Test func membersComeInOrder() {
        let keys = [
            "model", "stream", "off", "n", "half", "none", "messages", "empty", "list", "model2", "n",
            "a long key that does not fit",
        ]
        #expect(root.members.map(\.key) == keys)
        #expect(zip(root.members, keys).allSatisfy { $0.keyEquals($1) && $0.keyView.stringEquals($1) })
    }

    @Test func stringsDecoded() throws {
        let content = try #require(root["messages"]?[0]?["content"])
        #expect(content.string == "He said \"hi\" 中😀")
        #expect(content.stringEquals("He said \"hi\" 中😀"))
        for other in ["He said \"hi\" 中", "He said \"hi\" 中😀!", "He said \"hi\" 中😁", "", "He said \\\"hi\\\" 中😀"] {
            #expect(!content.stringEquals(other))
        }
        #expect(content.escapedContent?.bytes == Array(#"He said \"hi\" \u4e2d\uD83D\uDE00"#.utf8))
        #expect(content.escapedContent?.decoded == content.string)
    }

    @Test func rangesAreExact() throws {
        func text(_ view: JSONView?) -> String? {
            view.map { String(decoding: document.bytes[$0.range], as: UTF8.self) }
        }
        #expect(text(root["model"]) == "\"gpt-4o\"")
        #expect(text(root["n"]) == "3")
        #expect(text(root["half"]) == "0.5")
        #expect(text(root["none"]) == "null")
        #expect(text(root["off"]) == "false")
        #expect(text(root["messages"]?[1]) == #"{"role":"tool"}"#)
        #expect(text(root["empty"]) == "{}")
        #expect(root.range == 0..<document.bytes.count)
        #expect(root["messages"]?[1]?.rawBytes == Array(#"{"role":"tool"}"#.utf8))
        let member = try #require(root.members.first { $0.keyEquals("model") })
        #expect(String(decoding: document.bytes[member.range], as: UTF8.self) == #""model": "gpt-4o""#)
    }

    @Test func composedAndDecomposedNamesAreDifferent() throws {
        let document = try JSONDocument(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(document.root["\u{E9}"]?.int == 1)
        #expect(document.root["e\u{301}"]?.int == 2)
        #expect(document.root.value.object?.count == 2)
    }

    @Test func viewsOutliveTheDocument() throws {
        func inner() throws -> JSONView? {
            try JSONDocument(parsing: #"{"a":["kept alive by the view"]}"#).root["a"]?[0]
        }
        #expect(try inner()?.string == "kept alive by the view")
    }

    @Test func everyViewOfARandomDocumentAgreesWithItsValue() throws {
        var random = SeededGenerator()
        for round in 0..<300 {
            let value = random.value()
            let document = try JSONDocument(parsing: random.spelling(value))
            let note: Comment = "seed \(random.seed), round \(round)"
            #expect(Self.agree(document.root, value), note)
            let raw = try JSONValue(parsing: document.root.rawBytes)
            #expect(raw == value, note)
        }
    }

    private static func agree(_ view: JSONView, _ value: JSONValue) -> Bool {
        guard view.kind == value.kind, view.value == value else { return false }
        switch value {
        case .null: return view.isNull
        case .bool(let bool): return view.bool == bool
        case .number(let number): return view.double == number.double && view.int == value.int
        case .string(let text):
            return view.string == text && view.stringEquals(text) && !view.stringEquals(text + "x")
                && view.escapedContent?.decoded == text
        case .array(let elements):
            return view.count == elements.count && zip(view.elements, elements).allSatisfy { agree($0, $1) }
        case .object(let object):
            return view.count == object.count
                && object.allSatisfy { member in view[member.key].map { agree($0, member.value) } ?? false }
        }
    }
}
