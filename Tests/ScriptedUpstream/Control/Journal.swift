// The last requests as they were received, for tests that look at what a gateway sends.
import NIOCore
import NIOHTTP1
import Synchronization

/// The last hundred requests. The benchmark's models are not written down.
final class Journal: Sendable {
    static let capacity = 100

    private struct Entry {
        var number: Int
        var at: Double
        var method: String
        var uri: String
        var headers: [(name: String, value: String)]
        var body: ByteBuffer
        var refusal: String?
        var keyMatches: Bool?
    }

    private let entries = Mutex<CircularBuffer<Entry>>(CircularBuffer(initialCapacity: Journal.capacity))

    /// - Parameters:
    ///   - refusal: why the request was refused; nil if it was not.
    ///   - keyMatches: whether it carried the right key; nil if none is asked for.
    func note(_ request: Request, number: Int, refusal: String?, keyMatches: Bool?) {
        let entry = Entry(
            number: number,
            at: Counters.now(),
            method: request.head.method.rawValue,
            uri: request.head.uri,
            headers: request.head.headers.map { ($0.name, $0.value) },
            body: request.body,
            refusal: refusal,
            keyMatches: keyMatches
        )
        entries.withLock { entries in
            if entries.count == Journal.capacity { entries.removeFirst() }
            entries.append(entry)
        }
    }

    func reset() {
        entries.withLock { $0.removeAll() }
    }

    /// `{"requests":[…]}`, oldest first. A body that is not JSON stands as a string.
    var json: String {
        let entries = entries.withLock { Array($0) }
        return "{\"requests\":[" + entries.map(Journal.text).joined(separator: ",") + "]}"
    }

    private static func text(_ entry: Entry) -> String {
        // A credential is never repeated; whether it was the right one is told.
        let headers = entry.headers.map { header in
            let secret = ["authorization", "api-key", "x-api-key", "x-goog-api-key"].contains(header.name.lowercased())
            let value = secret ? "sent (\(header.value.utf8.count) bytes)" : header.value
            return "[\(quoted(header.name)),\(quoted(value))]"
        }
        let raw = String(decoding: entry.body.readableBytesView, as: UTF8.self)
        let isJSON = (try? Value(parsing: Array(entry.body.readableBytesView))) != nil
        let matches = entry.keyMatches.map { $0 ? "true" : "false" } ?? "null"
        return "{\"number\":\(entry.number),\"at\":\(entry.at),\"method\":\(quoted(entry.method)),"
            + "\"uri\":\(quoted(entry.uri)),\"headers\":[\(headers.joined(separator: ","))],"
            + "\"key_matches\":\(matches),\"refusal\":\(entry.refusal.map(quoted) ?? "null"),"
            + "\"body\":\(isJSON ? raw : quoted(raw))}"
    }
}
