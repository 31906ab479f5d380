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
    /// Writes status line and fields. Values that `HTTPFields` holds have been checked: they cannot break out of their
    /// line.
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
        for field in response.headers {
            // These are the server's own to say.
            switch field.name {
            case .contentLength, .transferEncoding, .connection, .date: continue
            default: line(field.name.rawName, field.value, into: &buffer)
            }
        }
        switch framing {
        case .length(let count):
            buffer.append("\r\ncontent-length: ")
            buffer.append(contentsOf: String(count).utf8)
        case .chunked: buffer.append("\r\ntransfer-encoding: chunked")
        case .none, .close: break
        }
        if closes { buffer.append("\r\nconnection: close") }
        line("server", server, into: &buffer)
        line("date", HTTPDate.now, into: &buffer)
        buffer.append("\r\n\r\n")
    }

    private static func line(_ name: String, _ value: String, into buffer: inout [UInt8]) {
        buffer.append("\r\n")
        buffer.append(contentsOf: name.utf8)
        buffer.append(": ")
        buffer.append(contentsOf: value.utf8)
    }
}

extension [UInt8] {
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
