// How many bytes of bodies are on their way in, all requests together.

import Synchronization

/// Bounds what bodies that are still arriving may hold in memory: many large ones that come slowly are shed with 503
/// before they end the process.
final class BodyMeter: Sendable {
    private let limit: Int
    private let held = Atomic<Int>(0)

    init(limit: Int = 512 << 20) {
        self.limit = limit
    }

    /// Bytes held now.
    var count: Int { held.load(ordering: .relaxed) }

    /// Counts more bytes in; false, and nothing counted, when they are too many.
    func take(_ bytes: Int) -> Bool {
        let (_, after) = held.add(bytes, ordering: .relaxed)
        if after <= limit { return true }
        held.subtract(bytes, ordering: .relaxed)
        return false
    }

    func give(_ bytes: Int) {
        held.subtract(bytes, ordering: .relaxed)
    }
}
