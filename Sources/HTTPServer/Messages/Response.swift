// An answer: status, headers, and a body that is there or made while it is sent.

package import HTTPTypes

/// One answer. The server adds `date`, `content-length` or chunks, and `connection` where it must.
package struct Response: Sendable {
    package var status: HTTPResponse.Status
    package var headers: ResponseHeaders
    package var body: ResponseBody

    package init(status: HTTPResponse.Status, headers: ResponseHeaders = [:], body: ResponseBody = ResponseBody([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The body of an answer.
package struct ResponseBody: Sendable {
    package typealias Make = @Sendable (ResponseWriter) async throws -> Void

    enum Content: Sendable {
        case bytes([UInt8])
        case made(Make)
    }

    let content: Content

    package init(_ bytes: [UInt8]) {
        content = .bytes(bytes)
    }

    /// A body that is written piece by piece, each sent at once. When `make` throws, the connection is closed in the
    /// middle of a chunk, which no client takes for the end.
    package init(_ make: @escaping Make) {
        content = .made(make)
    }

    /// Bytes, where their number is known.
    package var contentLength: Int? {
        if case .bytes(let bytes) = content { return bytes.count }
        return nil
    }

    /// Writes the body.
    package func write(to writer: ResponseWriter) async throws {
        switch content {
        case .bytes(let bytes): try await writer.write(bytes)
        case .made(let make): try await make(writer)
        }
    }
}
