// What the authenticator remembers for a short while: a bounded cache of callers, in two generations.

/// How long callers are remembered, and how many.
package struct CallerCacheLimits: Sendable {
    /// Milliseconds for which a caller is taken from memory before the store is asked again.
    package var lifetime: Int64
    /// How many at the most.
    package var entries: Int

    package init(lifetime: Int64, entries: Int = 8192) {
        self.lifetime = lifetime
        self.entries = entries
    }

    /// One process owns the store and hears of every change at once: 30 s.
    package static let singleNode = CallerCacheLimits(lifetime: 30_000)
    /// Other nodes revoke too, unheard: 2 s.
    package static let severalNodes = CallerCacheLimits(lifetime: 2_000)
}

/// The remembered callers. A plain value; ``Authenticator`` keeps it under its lock.
///
/// Two generations make eviction cheap: when the young one is full, it becomes the old one and the old one is dropped;
/// what is found in the old one moves to the young one. So it holds at most `limits.entries` and forgets what nobody
/// asked for.
struct CallerCache {
    struct Entry {
        let caller: Caller
        /// When it was loaded; a clock that was set back makes the entry useless rather than immortal.
        let loadedAt: Int64
        /// When the store must be asked again, or the credential ends, whichever is first.
        let usableUntil: Int64
    }

    let limits: CallerCacheLimits
    private var young: [CacheKey: Entry] = [:]
    private var old: [CacheKey: Entry] = [:]

    init(limits: CallerCacheLimits) {
        self.limits = limits
    }

    var count: Int {
        young.count + old.count
    }

    mutating func caller(for key: CacheKey, now: Int64) -> Caller? {
        if let entry = young[key] {
            return Self.isUsable(entry, now: now) ? entry.caller : nil
        }
        guard let entry = old.removeValue(forKey: key), Self.isUsable(entry, now: now) else { return nil }
        insert(entry, for: key)
        return entry.caller
    }

    /// `expiresAt`: when the credential itself ends, epoch milliseconds.
    mutating func remember(_ caller: Caller, for key: CacheKey, expiresAt: Int64?, now: Int64) {
        guard limits.lifetime > 0, limits.entries > 0 else { return }
        let usableUntil = min(now + limits.lifetime, expiresAt ?? .max)
        old[key] = nil
        insert(Entry(caller: caller, loadedAt: now, usableUntil: usableUntil), for: key)
    }

    mutating func forget(where matches: (Caller) -> Bool) {
        young = young.filter { !matches($0.value.caller) }
        old = old.filter { !matches($0.value.caller) }
    }

    private mutating func insert(_ entry: Entry, for key: CacheKey) {
        if young[key] == nil, young.count >= max(1, limits.entries / 2) {
            old = limits.entries > 1 ? young : [:]
            young = [:]
        }
        young[key] = entry
    }

    private static func isUsable(_ entry: Entry, now: Int64) -> Bool {
        now >= entry.loadedAt && now < entry.usableUntil
    }
}
