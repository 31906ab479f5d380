// The head of an answer as bytes (RFC 9112 sections 4 to 6).

import HTTPTypes

/// How the end of an answer's body is told.
enum BodyFraming: Equatable {
    /// There can be none: HEAD, 204, 304.
    case none
    case length(Int)
    case chunked
    /// HTTP/1.0 knows no chunks: the body ends with the connection.
    case close
}

enum ResponseHead {
    /// Writes status line and fields. Values cannot break out of their line: `ResponseHeaders` has seen to it.
    static func write(
        _ response: Response,
        framing: BodyFraming,
        closes: Bool,
        server: String,
        into buffer: inout [UInt8]
    ) {
        buffer.append("HTTP/1.1 ")
        if response.status == .ok {
            buffer.append("200 OK")
        } else {
            buffer.append(contentsOf: "\(response.status.code) \(response.status.reasonPhrase)".utf8)
        }
        buffer.append("\r\n")
        buffer.append(contentsOf: response.headers.lines)
        switch framing {
        case .length(let count):
            buffer.append("content-length: ")
            buffer.append(text: String(count))
            buffer.append("\r\n")
        case .chunked: buffer.append("transfer-encoding: chunked\r\n")
        case .none, .close: break
        }
        if closes { buffer.append("connection: close\r\n") }
        buffer.append("server: ")
        buffer.append(text: server)
        buffer.append("\r\ndate: ")
        buffer.append(text: HTTPDate.now)
        buffer.append("\r\n\r\n")
    }
}

extension [UInt8] {
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// As one piece of memory, which a view of its bytes is not taken for.
    mutating func append(text: String) {
        text.utf8.span.withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
