// What the routers have learnt of targets and keys. It outlives a reload of the configuration.

package import Identity
import Synchronization

/// Breakers and loads by `provider/model`, keys by `KeyRingID`. Three locks, each held for a few instructions, never two.
package final class RoutingState: Sendable {
    /// One target, for metrics and pages.
    package struct Health: Sendable, Hashable {
        package let target: String
        package let inFlight: Int
        package let isOpen: Bool
    }

    /// Time, waiting and chance, so that tests have them in hand.
    package struct Environment: Sendable {
        package var now: @Sendable () -> ContinuousClock.Instant
        package var pause: @Sendable (Duration) async throws -> Void
        package var random: @Sendable () -> UInt64

        package init(
            now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
            pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
            random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
        ) {
            self.now = now
            self.pause = pause
            self.random = random
        }
    }

    /// Targets are named by clients too (`provider/model`): no more breakers than this.
    private static let breakerLimit = 4096

    let environment: Environment
    private let breakers = Mutex<[String: Breaker]>([:])
    private let rings = Mutex<[KeyRingID: KeyRing]>([:])
    private let loads = Mutex<[String: Int]>([:])

    package init(environment: Environment = Environment()) {
        self.environment = environment
    }

    /// All targets of which something is known, by name.
    package var health: [Health] {
        let open = breakers.withLock { $0.filter { $0.value.openedAt != nil }.keys }
        let loads = loads.withLock { $0 }
        return Set(open).union(loads.keys).sorted().map {
            Health(target: $0, inFlight: loads[$0] ?? 0, isOpen: open.contains($0))
        }
    }

    /// Rounds that run on a target.
    package func inFlight(_ target: String) -> Int { loads.withLock { $0[target] ?? 0 } }

    // MARK: Keys

    /// Takes the keys of a new configuration. Rings that are gone are forgotten.
    package func adopt(keys: [KeyRingID: [Secret]]) {
        rings.withLock { rings in
            rings = rings.filter { keys[$0.key] != nil }
            for (id, keys) in keys { rings[id, default: KeyRing(keys: keys)].adopt(keys) }
        }
    }

    /// How many keys of a ring are not retired; nil for an unknown one.
    package func usableKeys(of ring: KeyRingID) -> Int? {
        let now = environment.now()
        return rings.withLock { $0[ring]?.usable(at: now) }
    }

    /// A key of a ring for a target. A ring that is unknown, or gone since the call began, gives none: its adapter has
    /// only what it was made with.
    ///
    /// - Parameter tried: keys that go only when there is no other.
    func pickKey(
        of ring: KeyRingID,
        for target: RouteTarget,
        trustsGuesses: Bool = true,
        after tried: Set<Int> = []
    ) -> KeyRing.Pick {
        let now = environment.now()
        return rings.withLock {
            $0.change(ring, default: KeyRing()) {
                $0.pick(for: target.model, at: now, trustsGuesses: trustsGuesses, after: tried)
            }
        }
    }

    /// Whether a target has a key ready that is none of those.
    func hasKey(of ring: KeyRingID, for target: RouteTarget, besides tried: Set<Int>) -> Bool {
        let now = environment.now()
        return rings.withLock { $0[ring]?.isReady(for: target.model, at: now, besides: tried) ?? false }
    }

    /// What a failure says about the key that was used.
    func learn(_ failure: ProviderFailure, ofKey id: Int, of ring: KeyRingID, for target: RouteTarget) {
        let now = environment.now()
        rings.withLock { rings in
            switch failure.kind {
            case .rateLimited, .quotaExceeded:
                rings[ring]?.limited(id, for: target.model, retryAfter: failure.retryAfter, at: now)
            case .unauthorized where failure.refusesKey: rings[ring]?.retire(id, at: now)
            case .unauthorized: rings[ring]?.refuse(id, for: target.model, at: now)
            default: break
            }
        }
    }

    /// A target has taken with another key what it had forbidden this one.
    func forbid(key id: Int, of ring: KeyRingID, for target: RouteTarget) {
        let now = environment.now()
        rings.withLock { $0[ring]?.refuse(id, for: target.model, at: now, isOfKey: true) }
    }

    // MARK: Breakers

    func admit(_ target: String, isAlone: Bool) -> Breaker.Admission {
        let now = environment.now()
        // A value that is changed in a dictionary costs more than the rest of a call's routing, and most have nothing there.
        return breakers.withLock { $0.isEmpty ? .yes : $0[target]?.admit(at: now, isAlone: isAlone) ?? .yes }
    }

    /// The one of several open targets that has been open longest, as a probe; nil while probes of all are out.
    func admitEarly(_ targets: [RouteTarget]) -> RouteTarget? {
        let now = environment.now()
        return breakers.withLock { breakers in
            let oldest = targets.sorted {
                (breakers[$0.name]?.openedAt ?? now) < (breakers[$1.name]?.openedAt ?? now)
            }
            return oldest.first { breakers[$0.name]?.admitEarly(at: now) ?? true }
        }
    }

    /// What came of an admitted call; nil: it was taken.
    func learn(_ failure: ProviderFailure?, of target: String, isOurs: Bool = false) {
        let now = environment.now()
        breakers.withLock { breakers in
            guard var breaker = breakers[target] ?? Self.newBreaker(for: failure, isOurs, at: now) else { return }
            switch failure {
            case nil: breaker.answered(at: now)
            case .some where isOurs: breaker.abandoned(at: now)
            case .some(let failure) where failure.kind == .cancelled: breaker.abandoned(at: now)
            case .some(let failure) where failure.breaks: breaker.failed(at: now, retryAfter: failure.retryAfter)
            case .some: breaker.answered(at: now, counts: false)
            }
            if breakers[target] == nil, breakers.count >= Self.breakerLimit {
                breakers = breakers.filter { $0.value.openedAt != nil }
                if breakers.count >= Self.breakerLimit { return }
            }
            breakers[target] = breaker.isQuiet(at: now) ? nil : breaker
        }
    }

    /// A breaker begins with the first outage: as long as all goes well there is nothing to keep.
    private static func newBreaker(
        for failure: ProviderFailure?,
        _ isOurs: Bool,
        at now: ContinuousClock.Instant
    ) -> Breaker? {
        failure?.breaks == true && !isOurs ? Breaker(at: now) : nil
    }

    // MARK: Load

    func enter(_ target: String) -> RoundTicket {
        loads.withLock { $0.change(target, default: 0) { $0 += 1 } }
        return RoundTicket(target: target, state: self)
    }

    fileprivate func leave(_ target: String) {
        loads.withLock { loads in
            let rest = (loads[target] ?? 1) - 1
            loads[target] = rest > 0 ? rest : nil
        }
    }

    /// Chance for pickers.
    var generator: Generator { Generator(next64: environment.random) }

    struct Generator: RandomNumberGenerator {
        let next64: @Sendable () -> UInt64

        mutating func next() -> UInt64 { next64() }
    }
}

/// Stands for a round that runs on a target, for as long as somebody holds it.
package final class RoundTicket: Sendable {
    private let target: String
    private let state: RoutingState

    fileprivate init(target: String, state: RoutingState) {
        self.target = target
        self.state = state
    }

    deinit {
        state.leave(target)
    }

    /// The round broke after it had been taken.
    package func broke(_ failure: ProviderFailure) {
        if failure.breaks { state.learn(failure, of: target) }
    }
}
