// Writing server-sent events: `data:` frames, with an `event:` line where a format has names, and bare comments: the
// subset that no client trips over.

/// The frames that the gateway sends. `id:` and `retry:` lines are never written: openai-python takes the next comment
/// for an event after one (`clients.md` 0.1).
package enum ServerSentEvents {
    /// `data: {…}` and a blank line.
    package static func frame(_ json: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(json.count + 8)
        bytes.append(contentsOf: prefix)
        bytes.append(contentsOf: json)
        bytes.append(contentsOf: suffix)
        return bytes
    }

    /// `event: NAME`, `data: {…}` and a blank line, appended to `out`.
    ///
    /// - Parameter event: one of the format's own names, without line ends.
    package static func append(_ json: [UInt8], event: String, to out: inout [UInt8]) {
        out.append(contentsOf: eventPrefix)
        out.append(contentsOf: event.utf8)
        out.append(0x0A)
        out.append(contentsOf: prefix)
        out.append(contentsOf: json)
        out.append(contentsOf: suffix)
    }

    /// JSON from outside, fit for a frame: line ends stand between its tokens only and mean nothing there, but would end
    /// the `data:` line.
    package static func oneLine(_ json: [UInt8]) -> [UInt8] {
        func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
        return json.contains(where: isLineEnd) ? json.filter { !isLineEnd($0) } : json
    }

    package static let prefix: [UInt8] = Array("data: ".utf8)
    private static let eventPrefix: [UInt8] = Array("event: ".utf8)
    package static let suffix: [UInt8] = Array("\n\n".utf8)
    /// Ends a stream that really finished.
    package static let done: [UInt8] = Array("data: [DONE]\n\n".utf8)
    /// Keeps proxies and clients from giving up while nothing is said.
    package static let keepAlive: [UInt8] = Array(": keep-alive\n\n".utf8)
}
