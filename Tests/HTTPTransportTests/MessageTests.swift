// Headers, heads and origins by themselves.

import Testing

@testable import HTTPTransport

@Suite struct MessageTests {
    @Test func headersCompareWithoutCase() {
        var headers: HTTPHeaders = ["Accept": "a", "X-Two": "1", "x-two": "2"]
        #expect(headers["ACCEPT"] == "a")
        #expect(headers["x-TWO"] == "1")
        #expect(headers.values("X-Two") == ["1", "2"])
        #expect(headers["X-Tw"] == nil)
        // Only letters have a case: "@" and "`" differ by the same bit.
        headers.add("a@", "x")
        #expect(headers["a`"] == nil)
        headers.set("X-TWO", "3")
        #expect(headers.values("x-two") == ["3"])
        headers.remove("accept")
        #expect(headers["accept"] == nil)
        #expect(headers.fields.count == 2)
        #expect(!"\(headers)".contains("3"))
    }

    @Test func fieldLines() {
        let text = "A: 1\r\nB:2  \r\nEmpty:\r\nnonsense\r\nFolded: a\r\n  b\r\nC: x:y\n"
        let headers = HTTPHeaders(parsing: Array(text.utf8))
        #expect(headers.fields.map { "\($0.name)=\($0.value)" } == ["A=1", "B=2", "Empty=", "Folded=a b", "C=x:y"])
        #expect(HTTPHeaders(parsing: Array("X: ".utf8) + [0xFF]).fields.first?.value == "\u{FFFD}")
    }

    private func parse(_ lines: [String], limit: Int = 1_000) -> (results: [ResponseHeadParser.Result], seen: Int) {
        var parser = ResponseHeadParser(limit: limit)
        let results = lines.map { line in Array(line.utf8).withUnsafeBytes { parser.append($0) } }
        return (results, parser.bytesSeen)
    }

    @Test func headsAndInterimHeads() {
        let lines = [
            "HTTP/1.1 100 Continue\r\n", "X: 1\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "Y: 2\r\n", "\r\n",
            "Trailer: 3\r\n", "\r\n",
        ]
        let (results, seen) = parse(lines)
        #expect(results[..<5].allSatisfy { $0 == .more })
        #expect(results[5] == .head(ResponseHead(status: 200, fieldLines: Array("Y: 2\r\n".utf8))))
        #expect(results[6...].allSatisfy { $0 == .more })
        #expect(seen == lines.joined().utf8.count)
    }

    @Test func statusLines() {
        for (line, status) in [("HTTP/2 204\r\n", 204), ("HTTP/1.0 404 Not Found\r\n", 404), ("HTTP/1.1 200\n", 200)] {
            #expect(parse([line, "\r\n"]).results.last == .head(ResponseHead(status: status, fieldLines: [])))
        }
        #expect(parse(["HTTP/1.1 nonsense\r\n", "\r\n"]).results.last == .more)
    }

    @Test func headsHaveALimit() {
        #expect(parse(["HTTP/1.1 200 OK\r\n", "X: 12345\r\n"], limit: 20).results == [.more, .tooLarge])
        #expect(parse(["HTTP/1.1 200 OK\r\n", "\r\n", "T: 1\r\n"], limit: 20).results.last == .tooLarge)
    }

    @Test func originsShowNoMoreThanTheyMay() {
        #expect(Origin.of("https://user:word@host.example:8443/path?key=1#f") == "https://host.example:8443")
        #expect(Origin.of("http://host?key=1") == "http://host")
        #expect(Origin.of("http://host#key") == "http://host")
        #expect(Origin.of("http://a@b@[::1]:80/") == "http://[::1]:80")
        #expect(Origin.of("http://host\\@evil/") == "http://host")
        for url in ["", "host/path?key=1", "http://", "http://user:word@/x", "http://ho\nst/", "://x"] {
            #expect(
                !Origin.of(url).contains("key") && !Origin.of(url).contains("word") && !Origin.of(url).contains("\n")
            )
        }
        #expect(Origin.isPresent(in: "HTTPS://x") && Origin.isPresent(in: "http://x"))
        #expect(
            !Origin.isPresent(in: "ftp://x") && !Origin.isPresent(in: "http:/x") && !Origin.isPresent(in: "http:///x")
        )
    }
}
