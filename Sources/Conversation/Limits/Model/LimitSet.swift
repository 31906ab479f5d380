// The numbers that limit somebody or something, each of them optional.

package import JSON
package import YAML

/// What is limited.
package enum LimitKind: String, Sendable, Hashable, CaseIterable {
    case requests
    case tokens
    case concurrent
    case budgetDay = "budget_day"
    case budgetMonth = "budget_month"
}

/// Limits of one subject; nil is none.
package struct LimitSet: Sendable, Hashable {
    package var requestsPerMinute: Int?
    /// Prompt and completion together.
    package var tokensPerMinute: Int?
    /// Requests that run at once.
    package var concurrent: Int?
    /// Millionths of the currency unit, for a day in UTC. 0: nothing at all.
    package var budgetDay: Int64?
    /// Millionths of the currency unit, for a calendar month in UTC. 0: nothing at all.
    package var budgetMonth: Int64?

    package init(
        requestsPerMinute: Int? = nil,
        tokensPerMinute: Int? = nil,
        concurrent: Int? = nil,
        budgetDay: Int64? = nil,
        budgetMonth: Int64? = nil
    ) {
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.concurrent = concurrent
        self.budgetDay = budgetDay
        self.budgetMonth = budgetMonth
    }

    package var isEmpty: Bool { self == LimitSet() }
    package var hasBudget: Bool { budgetDay != nil || budgetMonth != nil }

    /// The smaller of each number: both hold.
    package func stricter(_ other: LimitSet) -> LimitSet {
        func least<Number: Comparable>(_ left: Number?, _ right: Number?) -> Number? {
            guard let left, let right else { return left ?? right }
            return min(left, right)
        }
        return LimitSet(
            requestsPerMinute: least(requestsPerMinute, other.requestsPerMinute),
            tokensPerMinute: least(tokensPerMinute, other.tokensPerMinute),
            concurrent: least(concurrent, other.concurrent),
            budgetDay: least(budgetDay, other.budgetDay),
            budgetMonth: least(budgetMonth, other.budgetMonth)
        )
    }

    /// With the others' numbers where it has none of its own.
    package func completed(by others: LimitSet) -> LimitSet {
        LimitSet(
            requestsPerMinute: requestsPerMinute ?? others.requestsPerMinute,
            tokensPerMinute: tokensPerMinute ?? others.tokensPerMinute,
            concurrent: concurrent ?? others.concurrent,
            budgetDay: budgetDay ?? others.budgetDay,
            budgetMonth: budgetMonth ?? others.budgetMonth
        )
    }
}

extension LimitSet {
    /// The largest number of requests, tokens and turns at once that can be asked for.
    package static let largest = 1_000_000_000_000
    /// The largest budget, in currency units.
    package static let largestBudget = 1_000_000_000.0
    /// The words in files, in their order.
    package static let words = [
        "requests_per_minute", "tokens_per_minute", "concurrent", "budget_day", "budget_month",
    ]

    /// Money as people write it, in millionths.
    package static func micros(_ amount: Double) -> Int64 { Int64((amount * 1_000_000).rounded()) }

    /// Reads the words of `limits:` in a file; other words beside them are the caller's.
    ///
    /// - Throws: `YAMLFault` with the place of what is wrong.
    package init(_ node: YAMLNode) throws(YAMLFault) {
        self.init()
        requestsPerMinute = try node["requests_per_minute"]?.integer(in: 1...Self.largest)
        tokensPerMinute = try node["tokens_per_minute"]?.integer(in: 1...Self.largest)
        concurrent = try node["concurrent"]?.integer(in: 1...Self.largest)
        if let budget = node["budget_day"] { budgetDay = Self.micros(try budget.number(in: 0...Self.largestBudget)) }
        if let budget = node["budget_month"] {
            budgetMonth = Self.micros(try budget.number(in: 0...Self.largestBudget))
        }
    }

    /// As in files; null for what is not limited.
    package var json: JSONObject {
        func money(_ micros: Int64?) -> JSONValue { micros.map { .double(Double($0) / 1_000_000) } ?? .null }
        func count(_ number: Int?) -> JSONValue { number.map { .integer($0) } ?? .null }
        return [
            "requests_per_minute": count(requestsPerMinute), "tokens_per_minute": count(tokensPerMinute),
            "concurrent": count(concurrent), "budget_day": money(budgetDay), "budget_month": money(budgetMonth),
        ]
    }
}
