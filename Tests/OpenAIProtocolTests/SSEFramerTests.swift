// Server-sent events at every split: line ends, comments, several data lines, the missing blank line, the limit.

import Testing

@testable import OpenAIProtocol

@Suite struct SSEFramerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let stream: String
        let events: [String]
    }

    static let cases: [Case] = [
        .init(testDescription: "LF", stream: "data: a\n\ndata: b\n\n", events: ["a", "b"]),
        .init(testDescription: "CRLF", stream: "data: a\r\n\r\ndata: b\r\n\r\n", events: ["a", "b"]),
        .init(testDescription: "CR", stream: "data: a\r\rdata: b\r\r", events: ["a", "b"]),
        .init(
            testDescription: "mixed ends",
            stream: "data: a\r\n\ndata: b\n\r\ndata: c\r\r\n",
            events: ["a", "b", "c"]
        ),
        .init(testDescription: "comments", stream: ": hi\n\n:\ndata: a\n: in between\n\n:x\n\n", events: ["a"]),
        .init(testDescription: "two data lines", stream: "data: a\ndata: b\n\n", events: ["a\nb"]),
        .init(testDescription: "empty data lines", stream: "data:\ndata:\n\n", events: ["\n"]),
        .init(testDescription: "no space", stream: "data:{\"a\":1}\n\n", events: ["{\"a\":1}"]),
        .init(testDescription: "one space only", stream: "data:  a\n\n", events: [" a"]),
        .init(testDescription: "bare field", stream: "data\n\n", events: [""]),
        .init(testDescription: "byte order mark", stream: "\u{FEFF}data: a\n\n", events: ["a"]),
        .init(testDescription: "other fields", stream: "id: 1\nretry: 5\ndatum: x\ndata: a\n\n", events: ["a"]),
        .init(testDescription: "letters of several bytes", stream: "data: é漢🙂\n\n", events: ["é漢🙂"]),
        .init(testDescription: "no blank line at the end", stream: "data: a\n\ndata: b\n", events: ["a", "b"]),
        .init(
            testDescription: "no line end at the end",
            stream: "data: a\r\n\r\ndata: [DONE]",
            events: ["a", "[DONE]"]
        ),
        .init(testDescription: "blank lines", stream: "\n\n\r\n\n", events: []),
        .init(testDescription: "nothing", stream: "", events: []),
    ]

    @Test(arguments: cases) func everySplit(_ one: Case) throws {
        let bytes = Array(one.stream.utf8)
        for split in 0...bytes.count {
            for second in split...bytes.count {
                var framer = SSEFramer()
                var events = try framer.append(Array(bytes[..<split]))
                events += try framer.append(Array(bytes[split..<second]))
                events += try framer.append(Array(bytes[second...]))
                events += try framer.finish()
                #expect(events.map { text($0.data) } == one.events, "split at \(split) and \(second)")
            }
        }
    }

    @Test(arguments: cases) func byteByByte(_ one: Case) throws {
        var framer = SSEFramer()
        var events: [ServerSentEvent] = []
        for byte in one.stream.utf8 { events += try framer.append([byte]) }
        events += try framer.finish()
        #expect(events.map { text($0.data) } == one.events)
    }

    @Test func namesBelongToOneEvent() throws {
        var framer = SSEFramer()
        let events = try framer.append(Array("event: error\ndata: a\n\ndata: b\n\nevent: lost\n\ndata: c\n\n".utf8))
        #expect(events.map(\.name) == ["error", nil, nil])
    }

    @Test func theEndMarker() {
        #expect(ServerSentEvent(text: ArraySlice("[DONE]".utf8)).isDone)
        #expect(ServerSentEvent(text: ArraySlice("[DONE] ".utf8)).isDone)
        #expect(!ServerSentEvent(text: ArraySlice("{}".utf8)).isDone)
    }

    @Test func anEventAtTheLimitPasses() throws {
        var framer = SSEFramer(limit: 100)
        let data = String(repeating: "x", count: 94)
        #expect(try framer.append(Array("data: \(data)\n\n".utf8)).map(\.data.count) == [94])
    }

    @Test func aLineThatDoesNotEnd() {
        #expect(throws: SSEOverflow(limit: 100)) {
            var framer = SSEFramer(limit: 100)
            for _ in 0..<200 { _ = try framer.append([0x78]) }
        }
    }

    @Test func anEventOfTooManyLines() {
        for line in ["data: xxxxxxxxx\n", "data:\n"] {
            #expect(throws: SSEOverflow(limit: 100)) {
                var framer = SSEFramer(limit: 100)
                for _ in 0..<200 { _ = try framer.append(Array(line.utf8)) }
            }
        }
    }

    /// Memory held must not grow with the stream, only with the event.
    @Test func whatIsThroughIsForgotten() throws {
        var framer = SSEFramer(limit: 1000)
        var count = 0
        for _ in 0..<10_000 { count += try framer.append(Array("data: 0123456789\n\n".utf8)).count }
        #expect(count == 10_000)
    }

    @Test func ourOwnFramesComeBack() throws {
        var framer = SSEFramer()
        let bytes = ServerSentEvents.frame(Array("{}".utf8)) + ServerSentEvents.keepAlive + ServerSentEvents.done
        #expect(try framer.append(bytes).map { text($0.data) } == ["{}", "[DONE]"])
        #expect(!text(bytes).contains("id:") && !text(bytes).contains("retry:"))
    }
}
