// Parts of an answer that an upstream wants back although the OpenAI protocol has no place for them.

import JSON
import Synchronization

/// Remembers signed thoughts until the conversation comes back with the results of the calls that they led to.
///
/// Anthropic's thinking blocks and Gemini's `thoughtSignature` must be replayed in a tool loop (`clients.md` 5.1, 5.2).
/// Ids do not find them again, because the gateway gives calls ids of its own; so the key is the conversation before
/// the answer together with the calls, and nobody else's conversation can be taken for it. What is not found, after a
/// reload or on another node, costs quality and no failure: adapters ask without.
final class ReplayMemory: Sendable {
    private struct State {
        var parts: [Int: [JSONValue]] = [:]
        var order: [(key: Int, size: Int)] = []
        var size = 0
    }

    private let state = Mutex(State())
    private static let limit = 8 << 20
    /// Bytes of one answer's parts from which on they are not kept.
    static let largest = limit / 8

    /// - Parameter prefix: `Talk.prefix` of the messages before the answer.
    static func key(prefix: Int, calls: [Talk.Call]) -> Int {
        var hasher = Hasher()
        hasher.combine(prefix)
        for call in calls {
            hasher.combine(call.name)
            hasher.combine(call.arguments)
        }
        return hasher.finalize()
    }

    func store(_ parts: [JSONValue], for key: Int) {
        let size = parts.reduce(64) { $0 + $1.bytes.count }
        guard size < Self.largest else { return }
        state.withLock { state in
            if state.parts.updateValue(parts, forKey: key) != nil { return }
            state.order.append((key, size))
            state.size += size
            var gone = 0
            while state.size > Self.limit, gone < state.order.count {
                state.parts[state.order[gone].key] = nil
                state.size -= state.order[gone].size
                gone += 1
            }
            state.order.removeFirst(gone)
        }
    }

    func parts(for key: Int) -> [JSONValue]? {
        state.withLock { $0.parts[key] }
    }
}
