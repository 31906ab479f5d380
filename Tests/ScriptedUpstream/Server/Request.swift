// A request as it was received, whole.
import NIOCore
import NIOHTTP1

struct Request {
    var head: HTTPRequestHead
    var body: ByteBuffer

    var path: Substring { head.uri.prefix { $0 != "?" } }
    var bytes: [UInt8] { Array(body.readableBytesView) }
}
