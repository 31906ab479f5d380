// What a turn used, gathered while it runs.

package import OpenAIProtocol
import Providers

/// The numbers behind a usage row and its metrics. A value of the turn's own task: nobody else sees it grow.
package struct TurnTally: Sendable {
    /// The tokens of one target.
    package struct Share: Sendable {
        package var provider: String
        package var model: String
        package var usage: Usage

        /// `provider/model`
        package var name: String { "\(provider)/\(model)" }
    }

    package var rounds = 0
    package var usage = Usage()
    package var tools: [String] = []
    package var provider: String?
    package var model: String?
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
    /// The span of the round that is under way.
    var openRound: RoundSpan?

    package init() {}

    /// Counts a round's tokens for the target that is in force.
    mutating func add(_ used: Usage) {
        usage += used
        openRound?.usage = used
        let (provider, model) = (provider ?? "", model ?? "")
        if let index = shares.firstIndex(where: { $0.provider == provider && $0.model == model }) {
            shares[index].usage += used
        } else {
            shares.append(Share(provider: provider, model: model, usage: used))
        }
    }

    /// What the tokens cost: the part whose price is known, and whether that is all of it.
    func cost(_ prices: PriceBook) -> (micros: Int64, isKnown: Bool) {
        var sum = Charge.zero
        var isKnown = true
        for share in shares {
            if let charge = prices.charge(model: share.name, usage: share.usage) {
                sum = sum + charge
            } else {
                isKnown = false
            }
        }
        return (sum.micros, isKnown)
    }
}

/// The times of one round.
struct RoundClock: Sendable {
    private var first: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?

    /// Runs something that waits for the model.
    mutating func wait<Value>(
        _ tally: inout TurnTally,
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
    func close(_ usage: Usage?, _ tally: inout TurnTally) {
        guard let first, let last, last > first, let usage, usage.completionTokens > 1 else { return }
        tally.writing += last - first
        tally.written += usage.completionTokens - 1
    }
}
