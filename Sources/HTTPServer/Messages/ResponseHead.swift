// The head of an answer as bytes (RFC 9112 sections 4 to 6).

import HTTPTypes
import NIOCore

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
    /// Writes status line and fields. Values that `HTTPFields` holds have been checked: they cannot break out of their
    /// line.
    static func write(
        _ response: Response,
        framing: BodyFraming,
        closes: Bool,
        server: String,
        into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("HTTP/1.1 ")
        if response.status == .ok {
            buffer.writeStaticString("200 OK")
        } else {
            buffer.writeString("\(response.status.code) \(response.status.reasonPhrase)")
        }
        for field in response.headers {
            // These are the server's own to say.
            switch field.name {
            case .contentLength, .transferEncoding, .connection, .date: continue
            default: line(field.name.rawName, field.value, into: &buffer)
            }
        }
        switch framing {
        case .length(let count):
            buffer.writeStaticString("\r\ncontent-length: ")
            buffer.writeString(String(count))
        case .chunked: buffer.writeStaticString("\r\ntransfer-encoding: chunked")
        case .none, .close: break
        }
        if closes { buffer.writeStaticString("\r\nconnection: close") }
        line("server", server, into: &buffer)
        line("date", HTTPDate.now, into: &buffer)
        buffer.writeStaticString("\r\n\r\n")
    }

    private static func line(_ name: String, _ value: String, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("\r\n")
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        buffer.writeString(value)
    }
}
