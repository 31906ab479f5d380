// The bytes of a response head. They are written by hand, because scripts need heads that no library would write.
import NIOCore
import NIOHTTP1

enum Head {
    /// - Parameters:
    ///   - length: the `Content-Length`; nil for none.
    ///   - headers: further fields; a `Content-Type` among them takes the place of `contentType`.
    static func bytes(
        status: Int,
        contentType: String?,
        length: Int?,
        chunked: Bool,
        closes: Bool,
        headers: [(name: String, value: String)] = []
    ) -> ByteBuffer {
        var text = "HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)\r\n"
        if let contentType, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            text += "Content-Type: \(contentType)\r\n"
        }
        if let length { text += "Content-Length: \(length)\r\n" }
        if chunked { text += "Transfer-Encoding: chunked\r\n" }
        if closes { text += "Connection: close\r\n" }
        for header in headers {
            text += "\(header.name): \(header.value)\r\n"
        }
        return ByteBuffer(string: text + "\r\n")
    }
}

extension Performance {
    /// A whole answer in one write.
    init(account: Account, status: Int, contentType: String, text: String, keepAlive: Bool) {
        var bytes = Head.bytes(
            status: status,
            contentType: contentType,
            length: text.utf8.count,
            chunked: false,
            closes: !keepAlive
        )
        bytes.writeString(text)
        self.init(account: account, head: bytes)
        ending = keepAlive ? .keepAlive : .close
    }
}
