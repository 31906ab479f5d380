// What is a request, byte by byte; and that a second reader, llhttp, takes nothing for another request than we do.

import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import HTTPServer

/// A request as both readers can tell it.
private struct Told: Equatable {
    var method: String
    var target: String
    var body: [UInt8]
    /// The fields that were asked for.
    var agent: String?
}

@Suite struct ParserTests {
    // MARK: Reading

    /// Reads requests out of pieces, as a connection does, until there are no more or they are none.
    private static func ours(_ pieces: [[UInt8]]) -> (requests: [Told], fault: ParseFault?) {
        var told: [Told] = []
        var buffer: [UInt8] = []
        var scanner = HeadScanner()
        var open: (head: RequestHead, parser: BodyParser, body: [UInt8])?
        do throws(ParseFault) {
            for piece in pieces {
                buffer += piece
                while true {
                    if let (head, begun, before) = open {
                        var parser = begun
                        var body = before
                        var position = 0
                        try buffer.reading { bytes throws(ParseFault) in
                            while position < bytes.count, !parser.isDone {
                                if let range = try parser.next(bytes, &position) { body += bytes[range] }
                            }
                        }
                        buffer.removeFirst(position)
                        guard parser.isDone else {
                            open = (head, parser, body)
                            break
                        }
                        open = nil
                        told.append(Told(head, body))
                    }
                    guard let end = try buffer.reading({ bytes throws(ParseFault) in try scanner.end(in: bytes) })
                    else { break }
                    scanner = HeadScanner()
                    let head = try buffer.reading { bytes throws(ParseFault) in
                        try RequestHead(parsing: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
                    }
                    buffer.removeFirst(end)
                    open = (head, BodyParser(head.body), [])
                }
            }
        } catch {
            return (told, error)
        }
        return (told, nil)
    }

    /// The same by llhttp; nil for the fault when there is none.
    private static func llhttp(_ bytes: [UInt8]) -> (requests: [Told], fails: Bool) {
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        var fails = false
        do {
            try channel.pipeline.syncOperations.addHandler(
                ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
            )
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch {
            fails = true
        }
        var told: [Told] = []
        var open: Told?
        while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                let agents = head.headers["user-agent"]
                // It leaves the blanks behind a value, which do not belong to it (RFC 9112 section 5.1).
                let values = agents.map { $0.replacing(/[ \t]+$/, with: "") }
                let agent = agents.isEmpty ? nil : values.joined(separator: ", ")
                open = Told(method: head.method.rawValue, target: head.uri, body: [], agent: agent)
            case .body(let piece): open?.body += Array(piece.readableBytesView)
            case .end:
                if let request = open { told.append(request) }
                open = nil
            }
        }
        return (told, fails)
    }

    private static let good = [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /a?b=c HTTP/1.1\r\nHost: x\r\nUser-Agent:  two words \t\r\nContent-Length: 5\r\n\r\nhello",
        "POST /chunks HTTP/1.1\r\nhost: x\r\ntransfer-encoding: Chunked\r\n\r\n5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: 1\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\nUser-Agent:\r\nUser-Agent: b\r\n\r\n",
        "DELETE /%41/%C3%A4 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "GET /old HTTP/1.0\r\n\r\n",
        "GET /v6 HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
    ]

    // MARK: Tests

    @Test(arguments: good)
    func bothReadersTellTheSame(_ text: String) {
        let (requests, fault) = Self.ours([Array(text.utf8)])
        #expect(fault == nil)
        #expect(requests.count == 1)
        #expect(requests == Self.llhttp(Array(text.utf8)).requests)
    }

    /// However the bytes of several requests are cut, they are the same requests.
    @Test func everyCutGivesTheSameRequests() {
        let bytes = Array(Self.good.joined().utf8)
        let whole = Self.ours([bytes])
        #expect(whole.requests.count == Self.good.count)
        for cut in 1..<bytes.count {
            #expect(
                Self.ours([Array(bytes[..<cut]), Array(bytes[cut...])]).requests == whole.requests,
                "cut at \(cut)"
            )
        }
        #expect(Self.ours(bytes.map { [$0] }).requests == whole.requests)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\nHost: x\n\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n folded: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA : 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nA: \u{7F}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /ä HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        "GET /\r\n\r\n",
        "GET foo?x=http://h/v1/models HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET ftp://h/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\nC: d\r\n\r\n",
    ])
    func whatTwoReadersMightTakeDifferentlyIsRefused(_ text: String) {
        let (requests, fault) = Self.ours([Array(text.utf8)])
        #expect(fault == .malformed)
        #expect(requests.isEmpty)
    }

    /// Bytes changed at random: where we see a request, llhttp sees the same one, or refuses it.
    @Test func nothingIsAnotherRequestToUsThanToLlhttp() {
        var random = Numbers(state: 42)
        let bytes: [UInt8] = Array("\r\n\t :;,0159afGPx\u{0}\u{7F}".utf8) + [0x80, 0xFF]
        var agreed = 0
        for round in 0..<4_000 {
            var text = Array(Self.good[round % Self.good.count].utf8)
            for _ in 0...random.below(3) {
                let place = random.below(text.count)
                switch random.below(3) {
                case 0: text[place] = bytes[random.below(bytes.count)]
                case 1: text.insert(bytes[random.below(bytes.count)], at: place)
                default: text.remove(at: place)
                }
            }
            let (requests, fault) = Self.ours([text])
            let other = Self.llhttp(text)
            guard fault == nil, !requests.isEmpty, !other.fails else { continue }
            agreed += 1
            #expect(other.requests == requests, "\(String(decoding: text, as: UTF8.self).debugDescription)")
        }
        #expect(agreed > 300)
    }

    @Test func headsAreBounded() {
        let long = "GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 17 << 10))\r\n\r\n"
        #expect(Self.ours([Array(long.utf8)]).fault == .headersTooLarge)
        let endless = [UInt8](repeating: 0x61, count: 65 << 10)
        #expect(Self.ours([endless]).fault == .headersTooLarge)
        let trailers = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        let fields = String(repeating: "A: bbbbbbbbbbbbbbbb\r\n", count: 4_000)
        #expect(Self.ours([Array((trailers + fields).utf8)]).fault == .headersTooLarge)
        let extended = trailers.dropLast(2) + "1;" + String(repeating: "e", count: 5_000)
        #expect(Self.ours([Array(extended.utf8)]).fault == .malformed)
    }

    @Test func connectionsEndAsTheClientSays() throws {
        func head(_ fields: String, version: String = "1.1") throws -> RequestHead {
            try Array("GET / HTTP/\(version)\r\nHost: x\r\n\(fields)\r\n".utf8).reading { bytes throws(ParseFault) in
                try RequestHead(parsing: bytes)
            }
        }
        #expect(try head("").keepsAlive)
        #expect(try head("Connection: keep-alive\r\n").keepsAlive)
        #expect(try !head("Connection: Close\r\n").keepsAlive)
        #expect(try !head("Connection: TE , close\r\n").keepsAlive)
        #expect(try !head("", version: "1.0").keepsAlive)
        #expect(try head("Expect: 100-Continue\r\n").expectsGoOn)
        #expect(try !head("Expect: 100-continue\r\n", version: "1.0").expectsGoOn)
    }
}

extension Told {
    fileprivate init(_ head: RequestHead, _ body: [UInt8]) {
        self.init(
            method: head.method.rawValue,
            target: head.target,
            body: body,
            agent: head.headers[.userAgent]
        )
    }
}

extension [UInt8] {
    fileprivate func reading<Result>(
        _ body: (UnsafeRawBufferPointer) throws(ParseFault) -> Result
    ) throws(ParseFault) -> Result {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer { bytes.deallocate() }
        bytes.copyBytes(from: self)
        return try body(UnsafeRawBufferPointer(bytes))
    }
}

/// Numbers that are the same in every run.
private struct Numbers {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}
