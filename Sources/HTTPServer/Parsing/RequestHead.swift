// The head of a request: its line and its fields, and what they say of the body (RFC 9112 sections 3, 5 and 6).

import HTTPTypes

/// A request's head.
struct RequestHead: Sendable {
    /// How a body is delimited.
    enum Body: Equatable {
        case none
        case length(Int)
        case chunked
    }

    let method: HTTPRequest.Method
    let target: String
    let headers: RequestHeaders
    /// HTTP/1.1: chunks, and `100 Continue`.
    let isCurrent: Bool
    /// Whether another request may follow.
    let keepsAlive: Bool
    /// The client waits for `100 Continue` before it sends the body.
    let expectsGoOn: Bool
    let body: Body
}

/// Why bytes are no request.
enum ParseFault: Error, Equatable {
    case malformed
    case headersTooLarge
}

/// What is taken of a head.
enum HeadLimits {
    static let bytes = 64 << 10
    static let fieldBytes = 16 << 10
    static let fields = 200
}

extension RequestHead {
    /// Parses a whole head: all lines with the empty one that ends it.
    ///
    /// Whatever two readers might understand differently is refused, since the other one may be a proxy before us: bare
    /// line feeds, folded lines, blanks before a colon, two lengths, a length beside chunks (RFC 9112 section 11.2).
    init(parsing bytes: UnsafeRawBufferPointer) throws(ParseFault) {
        var lines = LineReader(bytes)
        let line = try RequestLine(lines.next().map { bytes[$0] })
        var framing = Framing()
        let start = lines.position
        var fields: [RequestHeaders.Field] = []
        fields.reserveCapacity(16)
        while let range = try lines.next(), !range.isEmpty {
            guard range.count <= HeadLimits.fieldBytes, fields.count < HeadLimits.fields else {
                throw .headersTooLarge
            }
            let field = try Self.field(bytes, range)
            try framing.take(bytes[field.name], bytes[field.value])
            fields.append(
                RequestHeaders.Field(
                    name: Int32(field.name.lowerBound - start)..<Int32(field.name.upperBound - start),
                    value: Int32(field.value.lowerBound - start)..<Int32(field.value.upperBound - start)
                )
            )
        }
        method = line.method
        target = line.target
        isCurrent = line.isCurrent
        headers = RequestHeaders(bytes: Array(bytes[start...]), fields: fields)
        body = try framing.body(isCurrent: line.isCurrent)
        keepsAlive = line.isCurrent && !framing.closes
        expectsGoOn = line.isCurrent && framing.expectsGoOn
    }

    /// Name and value of a line, the value without the blanks around it.
    private static func field(
        _ bytes: UnsafeRawBufferPointer,
        _ line: Range<Int>
    ) throws(ParseFault) -> (name: Range<Int>, value: Range<Int>) {
        var colon = line.lowerBound
        while colon < line.upperBound, ASCII.isToken(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == ASCII.colon else { throw .malformed }
        var start = colon + 1
        var end = line.upperBound
        while start < end, bytes[start] == ASCII.space || bytes[start] == ASCII.tab { start += 1 }
        while end > start, bytes[end - 1] == ASCII.space || bytes[end - 1] == ASCII.tab { end -= 1 }
        for index in start..<end where !ASCII.isFieldContent(bytes[index]) { throw .malformed }
        return (line.lowerBound..<colon, start..<end)
    }

    /// What the fields say of the body and of the connection.
    private struct Framing {
        private var length: Int?
        private var isChunked = false
        private var hosts = 0
        private(set) var closes = false
        private(set) var expectsGoOn = false

        mutating func take(_ name: Slice<UnsafeRawBufferPointer>, _ value: Slice<UnsafeRawBufferPointer>)
            throws(ParseFault)
        {
            switch name.count {
            case 4 where name.isText("host"):
                hosts += 1
                guard hosts == 1, value.allSatisfy(ASCII.isHost) else { throw .malformed }
            case 6 where name.isText("expect"):
                expectsGoOn = expectsGoOn || value.isText("100-continue")
            case 10 where name.isText("connection"):
                closes = closes || value.split(separator: ASCII.comma).contains { $0.trimmed.isText("close") }
            case 14 where name.isText("content-length"):
                guard length == nil, let number = value.decimal else { throw .malformed }
                length = number
            case 17 where name.isText("transfer-encoding"):
                // Once, and nothing beside it: there is no other coding that we could undo.
                guard !isChunked, value.isText("chunked") else { throw .malformed }
                isChunked = true
            default: break
            }
        }

        func body(isCurrent: Bool) throws(ParseFault) -> RequestHead.Body {
            guard hosts == 1 || !isCurrent else { throw .malformed }
            if isChunked {
                guard length == nil, isCurrent else { throw .malformed }
                return .chunked
            }
            return length.map { $0 == 0 ? .none : .length($0) } ?? .none
        }
    }
}

/// `GET /path HTTP/1.1`.
private struct RequestLine {
    let method: HTTPRequest.Method
    let target: String
    let isCurrent: Bool

    init(_ line: Slice<UnsafeRawBufferPointer>?) throws(ParseFault) {
        guard let line, let first = line.firstIndex(of: ASCII.space) else { throw .malformed }
        let rest = line[(first + 1)...]
        guard let second = rest.firstIndex(of: ASCII.space) else { throw .malformed }
        let target = rest[..<second]
        guard target.isTarget, target.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .malformed }
        let version = rest[(second + 1)...]
        if version.elementsEqual("HTTP/1.1".utf8) {
            isCurrent = true
        } else if version.elementsEqual("HTTP/1.0".utf8) {
            isCurrent = false
        } else {
            throw .malformed
        }
        method = try Self.method(line[..<first])
        self.target = String(decoding: target, as: UTF8.self)
    }

    private static func method(_ name: Slice<UnsafeRawBufferPointer>) throws(ParseFault) -> HTTPRequest.Method {
        if name.elementsEqual("POST".utf8) { return .post }
        if name.elementsEqual("GET".utf8) { return .get }
        guard name.count <= 32, let method = HTTPRequest.Method(String(decoding: name, as: UTF8.self)) else {
            throw .malformed
        }
        return method
    }
}
