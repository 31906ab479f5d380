// What the routing tests share: providers that follow a script, a clock in hand, chance with a seed.

import HTTPTransport
import Identity
import Providers
import Synchronization

/// A provider that answers by a script, then accepts everything; it remembers who asked with what.
final class ScriptedProvider: ModelProvider {
    struct Ask: Sendable {
        let model: String
        let key: String?
        let timeouts: Duration?
    }

    let name: String
    private let script: Mutex<[ProviderFailure?]>
    private let always: ProviderFailure?
    private let badKeys: [String: ProviderFailure]
    private let asked = Mutex<[Ask]>([])

    /// - Parameters:
    ///   - script: what comes of the calls in turn; nil takes the call.
    ///   - always: what comes of the calls after those.
    ///   - badKeys: what comes of calls with certain keys, whatever the script says.
    init(
        _ name: String,
        _ script: [ProviderFailure?] = [],
        always: ProviderFailure? = nil,
        badKeys: [String: ProviderFailure] = [:]
    ) {
        self.name = name
        self.script = Mutex(script)
        self.always = always
        self.badKeys = badKeys
    }

    var asks: [Ask] { asked.withLock { $0 } }

    func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        let key = call.credential?.reveal()
        asked.withLock { $0.append(Ask(model: call.model, key: key, timeouts: call.timeouts?.total)) }
        if let key, let failure = badKeys[key] { throw failure }
        let next = script.withLock { $0.isEmpty ? always : $0.removeFirst() }
        if let next { throw next }
        return EmptyRound()
    }
}

final class EmptyRound: ModelRound {
    func next(patience: Duration?) async throws(ProviderFailure) -> [ModelEvent]? { nil }
    func cancel() {}
}

/// A clock that moves only when told, or when somebody waits.
final class HandClock: Sendable {
    private let state = Mutex<(now: ContinuousClock.Instant, pauses: [Duration])>((.now, []))

    var now: ContinuousClock.Instant { state.withLock { $0.now } }
    /// All waits so far.
    var pauses: [Duration] { state.withLock { $0.pauses } }

    func advance(_ time: Duration) { state.withLock { $0.now += time } }

    /// For `RoutingState`: waiting moves the clock, chance comes from a seed.
    func environment(seed: UInt64 = 1) -> RoutingState.Environment {
        let chance = Mutex(SeededChance(seed))
        let shared = Shared(chance: chance)
        return RoutingState.Environment(
            now: { self.now },
            pause: { time in
                try Task.checkCancellation()
                self.state.withLock { state in
                    state.now += time
                    state.pauses.append(time)
                }
            },
            random: { shared.next() }
        )
    }

    private final class Shared: Sendable {
        private let chance: Mutex<SeededChance>
        init(chance: consuming sending Mutex<SeededChance>) { self.chance = chance }
        func next() -> UInt64 { chance.withLock { $0.next() } }
    }
}

/// SplitMix64.
struct SeededChance: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

func failed(_ kind: ProviderFailure.Kind, status: Int? = nil, retryAfter: Duration? = nil) -> ProviderFailure {
    ProviderFailure(kind, "\(kind)", provider: "x", status: status, retryAfter: retryAfter)
}
