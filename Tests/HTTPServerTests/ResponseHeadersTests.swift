// Header fields of answers: what stands in their lines, and that exactly this is sent.

import HTTPTypes
import Support
import Testing

@testable import HTTPServer

@Suite struct ResponseHeadersTests {
    private static let note = name("X-Note")
    private static let other = name("x-other")

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("not a header name: \(text)") }
        return name
    }

    private static func text(_ headers: ResponseHeaders) -> String { String(decoding: headers.lines, as: UTF8.self) }

    @Test(arguments: ["\r", "\n", "\0", "\u{7f}", "\u{1}", "\u{1b}", "\u{1f}"])
    func whatEndsALineOrIsNoTextBecomesABlank(_ character: String) {
        for (value, wanted) in [("a\(character)b", "a b"), ("\(character)a", " a"), ("a\(character)", "a ")] {
            let headers: ResponseHeaders = [Self.note: value, Self.other: "1"]
            #expect(Self.text(headers) == "X-Note: \(wanted)\r\nx-other: 1\r\n")
            #expect(headers.fields.map(\.name) == ["x-note", "x-other"])
            #expect(headers.values(Self.note) == [wanted])
        }
    }

    @Test func nobodyAddsAFieldOrAnAnswerByAValue() {
        let headers: ResponseHeaders = [Self.note: "a\r\nset-cookie: x\r\n\r\nHTTP/1.1 200 OK\r\n"]
        #expect(Self.text(headers) == "X-Note: a  set-cookie: x    HTTP/1.1 200 OK  \r\n")
        #expect(headers.fields.count == 1)
    }

    @Test(arguments: ["é", "e\u{301}", "中文", "🙂", "a\tb", "a: b", "", " x "])
    func otherTextStaysAsItIs(_ value: String) {
        let headers: ResponseHeaders = [Self.note: value]
        #expect(headers.lines == Array("X-Note: ".utf8) + Array(value.utf8) + Array("\r\n".utf8))
        #expect(headers[Self.note].map { Array($0.utf8) } == Array(value.utf8))
    }

    @Test func fieldsOfANameStandInTheirOrder() {
        var headers = ResponseHeaders()
        #expect(headers.isEmpty && headers.fields.isEmpty && headers[Self.note] == nil)
        headers.add(Self.note, "1")
        headers.add(Self.other, "2")
        headers.add(HTTPField.Name("x-NOTE")!, "3")
        headers.append([Self.note: "4"])
        #expect(!headers.isEmpty)
        #expect(headers.fields.map(\.name) == ["x-note", "x-other", "x-note", "x-note"])
        #expect(headers.fields.map(\.value) == ["1", "2", "3", "4"])
        #expect(headers.values(Self.note) == ["1", "3", "4"])
        #expect(headers[Self.note] == "1, 3, 4")
        headers.remove(HTTPField.Name("X-Nothing")!)
        #expect(headers.fields.count == 4)
        headers.remove(Self.note)
        #expect(Self.text(headers) == "x-other: 2\r\n")
        headers.remove(Self.other)
        #expect(headers.isEmpty)
    }

    /// Bodies that are there, bodies that are made, and none.
    @Test(arguments: ["bytes", "made", "none"]) func anAnswerCarriesExactlyThese(_ body: String) async throws {
        let door = try await Door.open { _, _ in
            let content =
                body == "made"
                ? ResponseBody { writer in try await writer.write(Array("ok".utf8)) } : ResponseBody(Array("ok".utf8))
            return Response(
                status: body == "none" ? .noContent : .ok,
                headers: [Self.note: "a\r\nb", Self.other: "é", Self.note: "\0", Self.other: "e\u{301}"],
                body: content
            )
        }
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        var bytes: [UInt8] = []
        while let piece = try await probe.receive() { bytes += piece }
        let end = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8)))
        let lines = bytes[..<end.lowerBound].split(separator: 0x0A).map { $0.filter { $0 != 0x0D } }
        let framing = ["bytes": ["content-length: 2"], "made": ["transfer-encoding: chunked"]][body] ?? []
        let wanted =
            [body == "none" ? "HTTP/1.1 204 No Content" : "HTTP/1.1 200 OK"]
            + ["X-Note: a  b", "x-other: é", "X-Note:  ", "x-other: e\u{301}"] + framing
            + ["connection: close", "server: door"]
        // As bytes: texts that look the same are equal.
        #expect(lines.dropLast().elementsEqual(wanted.map { Array($0.utf8) }))
        #expect(lines.last?.starts(with: "date: ".utf8) == true)
        await door.shut()
    }
}
