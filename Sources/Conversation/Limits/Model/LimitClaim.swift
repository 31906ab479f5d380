// What a request asks of its limits before it runs, what it holds while it does, and what it has used.

import OpenAIProtocol

/// How large a request will be, as far as it can be told beforehand.
package struct LimitEstimate: Sendable, Hashable {
    /// Bytes of what goes to the model, as `TokenEstimate` counts them.
    package var promptBytes: Int
    /// The most tokens of an answer that the request allows, of all its choices; nil when it says nothing.
    package var mostCompletionTokens: Int?
    /// Whether there is an answer to be counted at all.
    package var isCompletion: Bool
    /// `provider/model`, whose price is taken.
    package var model: String

    package init(promptBytes: Int = 0, mostCompletionTokens: Int? = nil, isCompletion: Bool = true, model: String = "")
    {
        self.promptBytes = promptBytes
        self.mostCompletionTokens = mostCompletionTokens
        self.isCompletion = isCompletion
        self.model = model
    }

    /// Taken for an answer of which nothing is said. An estimate: what Claude is then told is a bound that few answers
    /// reach.
    static let usualCompletion = 256

    /// More than any budget, and so little that what many ask for can be added up.
    private static let mostMicros = 2 * LimitSet.micros(LimitSet.largestBudget)

    var promptTokens: Int { TokenEstimate.tokens(bytes: promptBytes) }

    /// The claim on these subjects.
    func claim(on scopes: [LimitedScope], _ prices: PriceBook, at wall: Int64) -> LimitClaim {
        let firm = promptTokens.saturatingSum(isCompletion ? mostCompletionTokens ?? 0 : 0)
        let likely = isCompletion && mostCompletionTokens == nil && promptBytes > 0 ? Self.usualCompletion : 0
        // A guess alone makes no request too large.
        let room = scopes.compactMap(\.limits.tokensPerMinute).min().map { max(0, $0 - firm) } ?? likely
        let tokens = firm.saturatingSum(min(likely, room))
        let cost = prices.cost(
            model: model,
            usage: Usage(promptTokens: promptTokens, completionTokens: max(0, tokens - promptTokens))
        )
        let micros = min(max(0, cost ?? 0), Self.mostMicros)
        return LimitClaim(scopes: scopes, use: LimitUse(tokens: tokens, micros: micros), startedAt: wall)
    }
}

/// Tokens and money.
package struct LimitUse: Sendable, Hashable {
    package var tokens: Int
    /// Millionths of the currency unit.
    package var micros: Int64

    package init(tokens: Int = 0, micros: Int64 = 0) {
        self.tokens = tokens
        self.micros = micros
    }
}

/// One request, a slot, and what it will probably use, of all these subjects or of none.
package struct LimitClaim: Sendable {
    package var scopes: [LimitedScope]
    package var use: LimitUse
    /// Epoch milliseconds: the day and the month whose budgets pay.
    package var startedAt: Int64

    package init(scopes: [LimitedScope], use: LimitUse, startedAt: Int64) {
        self.scopes = scopes
        self.use = use
        self.startedAt = startedAt
    }
}

/// What a granted request holds until it is settled.
package struct LimitHold: Sendable {
    package let scopes: [LimitedScope]
    /// Who counts the slots: one run of one node.
    let holder: String
    /// When the tokens were taken, by each meter's own time, milliseconds.
    let takenAt: [LimitScope: Int64]
    package let startedAt: Int64
    /// What is charged so far.
    package internal(set) var charged: LimitUse
    /// Subjects whose money was not counted when that was charged. It may be by now, for another node's budget.
    var unpaid: [LimitScope]
}

/// What came of a claim.
package enum LimitOutcome: Sendable {
    case granted(LimitHold, LimitStanding)
    case refused(LimitRefusal, LimitStanding)
}

extension Int {
    fileprivate func saturatingSum(_ other: Int) -> Int {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max / 4 : Swift.min(sum, .max / 4)
    }
}
