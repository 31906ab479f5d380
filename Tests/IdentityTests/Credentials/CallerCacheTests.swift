// The cache is bounded, forgets in time, and keeps what is used.

import Testing

@testable import Identity

@Suite struct CallerCacheTests {
    private func caller(_ id: Int64) -> Caller {
        Caller(
            userID: id,
            username: "user",
            role: .viewer,
            teams: [1],
            credential: CredentialReference(kind: .apiSecret, id: id * 10, name: "secret")
        )
    }

    private func key(_ id: Int64) -> CacheKey {
        CacheKey(CredentialHash(of: "credential \(id)"))
    }

    @Test func forgetsInTime() {
        var cache = CallerCache(limits: CallerCacheLimits(lifetime: 1000))
        cache.remember(caller(1), for: key(1), expiresAt: nil, now: 5000)
        #expect(cache.caller(for: key(1), now: 5000)?.userID == 1)
        #expect(cache.caller(for: key(1), now: 5999)?.userID == 1)
        #expect(cache.caller(for: key(1), now: 6000) == nil)
        #expect(cache.caller(for: key(2), now: 5000) == nil)
    }

    @Test func credentialsEndInTime() {
        var cache = CallerCache(limits: CallerCacheLimits(lifetime: 1000))
        cache.remember(caller(1), for: key(1), expiresAt: 5200, now: 5000)
        #expect(cache.caller(for: key(1), now: 5199) != nil)
        #expect(cache.caller(for: key(1), now: 5200) == nil)
    }

    @Test func aClockSetBackDoesNotProlong() {
        var cache = CallerCache(limits: CallerCacheLimits(lifetime: 1000))
        cache.remember(caller(1), for: key(1), expiresAt: nil, now: 5000)
        #expect(cache.caller(for: key(1), now: 4999) == nil)
    }

    @Test func forgetsWhoIsNamed() {
        var cache = CallerCache(limits: CallerCacheLimits(lifetime: 1000, entries: 8))
        for id in 1...6 { cache.remember(caller(Int64(id)), for: key(Int64(id)), expiresAt: nil, now: 0) }
        cache.forget { $0.userID == 2 || $0.userID == 6 }
        for id in 1...6 {
            #expect((cache.caller(for: key(Int64(id)), now: 1) == nil) == (id == 2 || id == 6), "\(id)")
        }
    }

    @Test(arguments: [1, 2, 3, 10, 100]) func isBounded(entries: Int) {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var cache = CallerCache(limits: CallerCacheLimits(lifetime: 1_000_000, entries: entries))
        for now in 0..<3000 {
            let id = Int64.random(in: 0..<400, using: &random)
            if Bool.random(using: &random) {
                cache.remember(caller(id), for: key(id), expiresAt: nil, now: Int64(now))
                #expect(cache.caller(for: key(id), now: Int64(now))?.userID == id, "seed \(seed)")
            } else if let found = cache.caller(for: key(id), now: Int64(now)) {
                #expect(found.userID == id, "seed \(seed)")
            }
            #expect(cache.count <= entries, "seed \(seed)")
        }
    }

    @Test func keepsWhatIsUsed() {
        var cache = CallerCache(limits: CallerCacheLimits(lifetime: 1_000_000, entries: 20))
        cache.remember(caller(0), for: key(0), expiresAt: nil, now: 0)
        for id in 1...500 {
            cache.remember(caller(Int64(id)), for: key(Int64(id)), expiresAt: nil, now: 0)
            if id % 5 == 0 { #expect(cache.caller(for: key(0), now: 0) != nil, "after \(id) others") }
        }
    }

    @Test func canBeSwitchedOff() {
        var cache = CallerCache(limits: CallerCacheLimits(lifetime: 0))
        cache.remember(caller(1), for: key(1), expiresAt: nil, now: 0)
        #expect(cache.count == 0)
    }
}

/// SplitMix64: repeats a failing run from its seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
