// Who may begin: fairness between channels, as a value.

/// Which channels are worked on, and which rest.
struct DispatchState: Sendable {
    /// The store's time less this node's, in milliseconds.
    var skew: Int64 = 0
    private var running: Set<Int64> = []
    /// Epoch milliseconds before which a channel is left alone by this node.
    private var rests: [Int64: Int64] = [:]
    /// Rests in a row, without a success between them.
    private var failures: [Int64: Int] = [:]
    /// When a channel was begun last, in numbers that count up.
    private var lastServed: [Int64: UInt64] = [:]
    private var served: UInt64 = 0

    /// Begins channels that are due and free, those first that have waited longest for their turn.
    ///
    /// - Returns: the channels to be begun, and when to look again at the latest; nil when nothing waits.
    mutating func begin(_ due: [DueChannel], now: Int64, atOnce: Int) -> (channels: [Int64], wakeAt: Int64?) {
        rests = rests.filter { $0.value > now }
        let known = Set(due.map(\.id))
        // Channels without waiting rows need no memory; one that only failed for lack of others is forgiven.
        lastServed = lastServed.filter { known.contains($0.key) }
        failures = failures.filter { known.contains($0.key) || running.contains($0.key) }
        var ready: [Int64] = []
        var wakeAt: Int64?
        for channel in due where !running.contains(channel.id) {
            let at = max(channel.dueAt, rests[channel.id] ?? 0)
            if at <= now {
                ready.append(channel.id)
            } else {
                wakeAt = min(wakeAt ?? .max, at)
            }
        }
        ready.sort { (lastServed[$0] ?? 0, $0) < (lastServed[$1] ?? 0, $1) }
        let chosen = Array(ready.prefix(max(0, atOnce - running.count)))
        for channel in chosen {
            served += 1
            lastServed[channel] = served
            running.insert(channel)
        }
        return (chosen, wakeAt)
    }

    /// A channel's work has ended; it rests until the moment, if there is one.
    mutating func end(_ channel: Int64, restUntil: Int64? = nil) {
        running.remove(channel)
        if let restUntil { rests[channel] = restUntil }
    }

    /// Something got through.
    mutating func succeeded(_ channel: Int64) { failures[channel] = nil }

    /// How long the channel is to rest after yet another failure, in milliseconds.
    mutating func failed(_ channel: Int64, first: Int64, longest: Int64) -> Int64 {
        let count = failures[channel] ?? 0
        failures[channel] = count + 1
        return min(longest, first * (1 << min(count, 20)))
    }
}
