// Limits of one node, in memory.

package import Identity
import Synchronization

/// One table behind one lock. Money survives a restart, since it is summed from the books then; minutes do not.
package final class MemoryLimiter: Limiter {
    private struct State {
        var table = LimitTable()
        var holds = 0
    }

    private let state = Mutex(State())
    private let clock: WallClock
    private let steady: @Sendable () -> Int64

    /// - Parameters:
    ///   - clock: tells the day.
    ///   - steady: milliseconds of a clock that nobody sets.
    package init(clock: WallClock = .system, steady: @escaping @Sendable () -> Int64 = MemoryLimiter.uptime) {
        self.clock = clock
        self.steady = steady
    }

    private static let origin = ContinuousClock.now

    /// Milliseconds since some moment of this process.
    package static let uptime: @Sendable () -> Int64 = { (ContinuousClock.now - origin).milliseconds }

    package var holdCount: Int { state.withLock { $0.holds } }

    package func reserve(_ claim: LimitClaim) async throws -> LimitOutcome {
        let moment = steady()
        return state.withLock { state in
            let outcome = state.table.reserve(claim, holder: "", at: moment)
            if case .granted = outcome { state.holds += 1 }
            state.table.sweep(at: moment)
            return outcome
        }
    }

    package func extend(_ hold: LimitHold, to use: LimitUse) async throws -> (hold: LimitHold, refusal: LimitRefusal?) {
        let moment = steady()
        return state.withLock { $0.table.extend(hold, to: use, at: moment) }
    }

    package func settle(_ hold: LimitHold, as use: LimitUse?) {
        let moment = steady()
        state.withLock { state in
            state.table.settle(hold, as: use, at: moment)
            state.holds -= 1
            state.table.sweep(at: moment)
        }
    }

    package func adopt(_ history: SpendingHistory) async {
        state.withLock { $0.table.history = history }
    }

    package func readings(of scopes: [LimitScope]) async throws -> [LimitScope: LimitReading] {
        let (moment, wall) = (steady(), clock.now())
        return state.withLock { state in
            Dictionary(
                uniqueKeysWithValues: scopes.map { scope in
                    let meter = state.table.meters[scope]
                    return (
                        scope,
                        meter.map { LimitReading($0, at: moment, wall: wall) }
                            ?? LimitReading(state.table.history, scope, wall: wall)
                    )
                }
            )
        }
    }

    package func knownScopes() async throws -> [LimitScope] { state.withLock { Array($0.table.meters.keys) } }

    package func run() async {}
    package func drain() async {}
}
