// Why a request may not run now, and what its client is told.

package import OpenAIProtocol

/// A limit that is reached.
package struct LimitRefusal: Error, Sendable, Hashable {
    package var scope: LimitScope
    package var kind: LimitKind
    /// In the unit of the kind; money in millionths.
    package var limit: Int64
    package var used: Int64
    package var requested: Int64
    /// Milliseconds until the same request would pass if nobody else came; nil when waiting does not help.
    package var wait: Int64?

    /// Whose fault it is in the books.
    package var errorType: ErrorType {
        switch kind {
        case .requests, .tokens: .policyRateLimited
        case .concurrent: .policyConcurrency
        case .budgetDay, .budgetMonth: .policyBudgetExceeded
        }
    }

    /// What is told first when several limits are reached: what waiting helps least against.
    var weight: Int64 {
        switch kind {
        case .budgetMonth: .max
        case .budgetDay: .max - 1
        case .requests, .tokens: wait ?? .max - 2
        // Nobody knows when somebody else is ready.
        case .concurrent: 0
        }
    }

    /// - Parameter currency: ISO 4217, of budgets.
    package func error(currency: String) -> OpenAIError {
        switch kind {
        case .budgetDay, .budgetMonth:
            let period = kind == .budgetDay ? "day" : "month"
            return OpenAIError(
                status: 429,
                message: "You exceeded your current quota: this \(scope.kind.rawValue) may spend \(Self.money(limit)) "
                    + "\(currency) a \(period), and \(Self.money(used)) is spent or reserved already. Budgets are for "
                    + "\(period)s in UTC.",
                type: "insufficient_quota",
                code: "insufficient_quota",
                shouldRetry: false
            )
        case .concurrent:
            return rate("concurrent requests: Limit \(limit), Running \(used). Please try again later.", "Concurrency")
        case .requests, .tokens:
            let unit = kind == .requests ? "requests per min (RPM)" : "tokens per min (TPM)"
            let numbers = "Limit \(limit), Used \(used), Requested \(requested)."
            guard let wait else {
                return rate("\(unit): \(numbers) The request is too large for it and never passes.", "Rate")
            }
            return rate("\(unit): \(numbers) Please try again in \(LimitStanding.text(wait)).", "Rate")
        }
    }

    private func rate(_ text: String, _ name: String) -> OpenAIError {
        OpenAIError(
            status: 429,
            message: "\(name) limit reached for this \(scope.kind.rawValue) on \(text)",
            type: "rate_limit_error",
            code: "rate_limit_exceeded",
            retryAfter: wait.map { .milliseconds($0) },
            shouldRetry: wait == nil ? false : nil
        )
    }

    private static func money(_ micros: Int64) -> String {
        let fraction = String(micros.magnitude % 1_000_000 + 1_000_000).dropFirst()
        let shown = fraction.reversed().drop { $0 == "0" }.reversed()
        return "\(micros / 1_000_000)" + (shown.isEmpty ? "" : "." + String(shown))
    }
}

extension OpenAIError {
    /// A budget, and a model that nobody knows the price of: what it costs could not be counted.
    static func unpriced(_ model: String, _ scope: LimitScope.Kind) -> OpenAIError {
        OpenAIError(
            status: 403,
            message:
                "The model `\(model)` has no price, and this \(scope.rawValue) has a budget. Give it one in prices.yaml "
                + "or as `price` of the model, 0 where it costs nothing; or set OPSGATE_UNPRICED_MODELS to allow.",
            type: "permission_error",
            param: "model",
            code: "model_without_price"
        )
    }
}
