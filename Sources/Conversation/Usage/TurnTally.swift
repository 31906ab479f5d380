// What a turn used, gathered while it runs.

package import OpenAIProtocol
package import Providers

/// The numbers behind a usage row and its metrics. It belongs to the turn's own task, and lies outside of that task's
/// frames: each of those that a running turn holds would have room for a copy.
package final class TurnTally {
    /// The tokens of one target.
    package struct Share: Sendable {
        /// nil for what was used before anybody was asked.
        package var target: RouteTarget?
        package var usage: Usage
    }

    package var rounds = 0
    package var usage = Usage()
    package var tools: [String] = []
    /// Who was asked last.
    package var target: RouteTarget?
    /// Who may be asked; nil: everybody whom the plan's route leads to.
    var route: ModelRoute?
    /// How many targets were asked, over all rounds.
    package var attempts = 0
    package var firstToken: ContinuousClock.Instant?
    /// The tokens by who counted them: a turn whose rounds went to several targets pays each its price.
    package var shares: [Share] = []
    /// Whose fault the end was, where what failed said more than the client is told.
    package var errorType: ErrorType?
    /// Time in which the turn waited for a model.
    package var upstreamWait = Duration.zero
    /// Time in which it waited for tools.
    package var toolWait = Duration.zero
    /// Time in which it waited for a slow reader.
    package var readerWait = Duration.zero
    /// Time between the first and the last piece of streamed answers, and the tokens that came in it.
    package var writing = Duration.zero
    package var written = 0
    /// Bytes of the tools that the round under way offers: a part of its prompt.
    var offered = 0
    /// The span of the round that is under way.
    var openRound: RoundSpan?

    package init() {}

    /// Counts a round's tokens for the target that is in force.
    func add(_ used: Usage) {
        usage += used
        openRound?.usage = used
        if let index = shares.firstIndex(where: { $0.target?.name == target?.name }) {
            shares[index].usage += used
        } else {
            shares.append(Share(target: target, usage: used))
        }
    }

    /// What the tokens cost.
    func cost(_ prices: PriceBook) -> TurnCost {
        TurnCost(charges: shares.map { prices.charge(model: $0.target?.name ?? "/", usage: $0.usage) })
    }
}

/// What a turn cost.
package struct TurnCost: Sendable {
    /// By the turn's shares; nil where the price is not known.
    package let charges: [Charge?]

    package init(charges: [Charge?]) {
        self.charges = charges
    }

    /// The part whose price is known, in millionths of the currency unit.
    var micros: Int64 { charges.reduce(Charge.zero) { $0 + ($1 ?? .zero) }.micros }
    /// Whether that is all of it.
    var isKnown: Bool { !charges.contains(nil) }
}

/// The times of one round.
struct RoundClock: Sendable {
    private var first: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?

    /// Runs something that waits for the model.
    mutating func wait<Value>(
        _ tally: TurnTally,
        _ body: () async throws(ProviderFailure) -> Value
    ) async throws(ProviderFailure) -> Value {
        let begin = ContinuousClock.now
        defer { tally.upstreamWait += ContinuousClock.now - begin }
        return try await body()
    }

    /// A piece of the answer has come.
    mutating func arrived() {
        let now = ContinuousClock.now
        if first == nil { first = now }
        last = now
    }

    /// The round is over.
    func close(_ usage: Usage?, _ tally: TurnTally) {
        guard let first, let last, last > first, let usage, usage.completionTokens > 1 else { return }
        tally.writing += last - first
        tally.written += usage.completionTokens - 1
    }
}
