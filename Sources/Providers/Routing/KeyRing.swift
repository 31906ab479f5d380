// The keys of one provider: whose turn it is, who rests, who is gone. Pure: time comes in, decisions go out.

package import Identity

/// Several keys for one service, taken in turns.
///
/// A limit (429) sends a key to rest for the model that it was told for; a refusal (401) retires it for a while, or
/// until there are other keys. A 403 lets it rest for one model and a short time: it may well be that one caller's text
/// was moderated, and no caller must be able to disable a model for the others. Where another key is taken for the same
/// request, it was the key, which rests for that model as long as a retired one.
package struct KeyRing: Sendable {
    /// Who may go.
    package enum Pick: Sendable {
        /// `key` is nil for a provider that needs none.
        case key(id: Int, key: Secret?)
        /// All that are left rest. `isGuess`: the upstream did not say for how long.
        case resting(until: ContinuousClock.Instant, isGuess: Bool)
        /// None is left.
        case exhausted
    }

    private struct Rest: Sendable {
        let until: ContinuousClock.Instant
        let isGuess: Bool
    }

    private struct Entry: Sendable {
        let id: Int
        let key: Secret?
        var retiredUntil: ContinuousClock.Instant?
        var rests: [String: Rest] = [:]
        var lastLimited: ContinuousClock.Instant?
        var lastUse = 0

        mutating func set(_ rest: Rest, for model: String, at now: ContinuousClock.Instant, limit: Int) {
            rests = rests.filter { $0.value.until > now }
            if rests.count >= limit { rests = [:] }
            rests[model] = rest
        }

        func isRetired(at now: ContinuousClock.Instant) -> Bool { retiredUntil.map { $0 > now } ?? false }
    }

    /// How long a key rests when the upstream does not say.
    package static let usualRest: Duration = .seconds(20)
    /// How long a key rests for a model that it was refused (403).
    package static let refusalRest: Duration = .seconds(20)
    /// After so long a retired key gets another chance: upstreams have said 401 by mistake.
    package static let retirement: Duration = .seconds(300)
    /// After so long a limit no longer puts a key behind the others.
    private static let memory: Duration = .seconds(60)
    /// Models are named by clients: what is remembered of them is bounded.
    private static let modelLimit = 64

    private var entries: [Entry]
    private var lastID = 0
    private var uses = 0

    package init(keys: [Secret] = []) {
        entries = []
        replace(with: keys)
    }

    /// Takes other keys. The same keys in the same order change nothing; with others, keys that stay keep their rests,
    /// and retired ones get another chance.
    package mutating func adopt(_ keys: [Secret]) {
        let known = entries.compactMap(\.key)
        let isSame = known.count == keys.count && zip(known, keys).allSatisfy { $0.matches($1) }
        if !isSame { replace(with: keys) }
    }

    private mutating func replace(with keys: [Secret]) {
        let before = entries
        let wanted: [Secret?] = keys.isEmpty ? [nil] : keys
        entries = wanted.map { key in
            let old = before.first { entry in
                guard let key, let known = entry.key else { return false }
                return known.matches(key)
            }
            if var old {
                old.retiredUntil = nil
                return old
            }
            lastID += 1
            return Entry(id: lastID, key: key)
        }
    }

    /// How many keys are not retired.
    package func usable(at now: ContinuousClock.Instant) -> Int { entries.count { !$0.isRetired(at: now) } }

    /// The next key for a model: of those that do not rest the one limited longest ago, then the one used longest ago.
    ///
    /// - Parameters:
    ///   - trustsGuesses: false lets keys go whose rest is only our guess.
    ///   - tried: keys that go only when there is no other.
    package mutating func pick(
        for model: String,
        at now: ContinuousClock.Instant,
        trustsGuesses: Bool = true,
        after tried: Set<Int> = []
    ) -> Pick {
        var (best, soonest) = choice(for: model, at: now, trustsGuesses: trustsGuesses, besides: tried)
        if best == nil, !tried.isEmpty {
            (best, soonest) = choice(for: model, at: now, trustsGuesses: trustsGuesses, besides: [])
        }
        guard let best else {
            return soonest.map { .resting(until: $0.until, isGuess: $0.isGuess) } ?? .exhausted
        }
        uses += 1
        entries[best].lastUse = uses
        return .key(id: entries[best].id, key: entries[best].key)
    }

    /// Whether a key could go that is none of those. Nobody's turn changes.
    package func isReady(for model: String, at now: ContinuousClock.Instant, besides tried: Set<Int>) -> Bool {
        choice(for: model, at: now, trustsGuesses: true, besides: tried).best != nil
    }

    private func choice(
        for model: String,
        at now: ContinuousClock.Instant,
        trustsGuesses: Bool,
        besides tried: Set<Int>
    ) -> (best: Int?, soonest: Rest?) {
        var best: Int?
        var soonest: Rest?
        // One among them can be doubted, though another comes back before.
        var hasGuess = false
        for index in entries.indices where !entries[index].isRetired(at: now) && !tried.contains(entries[index].id) {
            if !entries[index].rests.isEmpty, let rest = entries[index].rests[model], rest.until > now,
                trustsGuesses || !rest.isGuess
            {
                hasGuess = hasGuess || rest.isGuess
                if soonest.map({ rest.until < $0.until }) ?? true { soonest = rest }
                continue
            }
            if best.map({ isBefore(entries[index], entries[$0], now) }) ?? true { best = index }
        }
        return (best, soonest.map { Rest(until: $0.until, isGuess: hasGuess) })
    }

    private func isBefore(_ left: Entry, _ right: Entry, _ now: ContinuousClock.Instant) -> Bool {
        func limited(_ entry: Entry) -> ContinuousClock.Instant? {
            entry.lastLimited.flatMap { now - $0 < Self.memory ? $0 : nil }
        }
        switch (limited(left), limited(right)) {
        case (nil, nil): return left.lastUse < right.lastUse
        case (nil, _): return true
        case (_, nil): return false
        case (let left?, let right?): return left < right
        }
    }

    /// The upstream limited a key for a model.
    package mutating func limited(
        _ id: Int,
        for model: String,
        retryAfter: Duration?,
        at now: ContinuousClock.Instant
    ) {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return }
        entries[index].lastLimited = now
        let rest = Rest(until: now + (retryAfter ?? Self.usualRest), isGuess: retryAfter == nil)
        entries[index].set(rest, for: model, at: now, limit: Self.modelLimit)
    }

    /// The upstream does not know a key. A provider without keys has none to lose.
    package mutating func retire(_ id: Int, at now: ContinuousClock.Instant) {
        guard let index = entries.firstIndex(where: { $0.id == id }), entries[index].key != nil else { return }
        entries[index].retiredUntil = now + Self.retirement
    }

    /// The upstream did not let a key use a model.
    ///
    /// - Parameter isOfKey: whether the key is known to be the reason; otherwise it may be the request.
    package mutating func refuse(
        _ id: Int,
        for model: String,
        at now: ContinuousClock.Instant,
        isOfKey: Bool = false
    ) {
        guard let index = entries.firstIndex(where: { $0.id == id }), entries[index].key != nil else { return }
        let rest = Rest(until: now + (isOfKey ? Self.retirement : Self.refusalRest), isGuess: true)
        // A rest that the upstream has asked for stands.
        if let known = entries[index].rests[model], known.until > rest.until { return }
        entries[index].set(rest, for: model, at: now, limit: Self.modelLimit)
    }
}
