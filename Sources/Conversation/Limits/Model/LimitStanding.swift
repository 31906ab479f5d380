// How much is left: the numbers behind the headers `x-ratelimit-…`.

/// The tightest of the limits that a request fell under, one for requests and one for tokens.
package struct LimitStanding: Sendable, Hashable {
    package struct Level: Sendable, Hashable {
        package var limit: Int
        package var remaining: Int
        /// Milliseconds until all of it is there again if nobody else comes.
        package var reset: Int64

        /// Whether less is left than with the other.
        func isTighter(than other: Level?) -> Bool {
            guard let other else { return true }
            return (remaining, other.reset, limit) < (other.remaining, reset, other.limit)
        }
    }

    package var requests: Level?
    package var tokens: Level?

    package init(requests: Level? = nil, tokens: Level? = nil) {
        self.requests = requests
        self.tokens = tokens
    }

    mutating func add(requests level: Level) {
        if level.isTighter(than: requests) { requests = level }
    }

    mutating func add(tokens level: Level) {
        if level.isTighter(than: tokens) { tokens = level }
    }

    /// `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` with their values.
    package var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        if let requests {
            fields = [
                ("x-ratelimit-limit-requests", String(requests.limit)),
                ("x-ratelimit-remaining-requests", String(requests.remaining)),
                ("x-ratelimit-reset-requests", Self.text(requests.reset)),
            ]
        }
        if let tokens {
            fields += [
                ("x-ratelimit-limit-tokens", String(tokens.limit)),
                ("x-ratelimit-remaining-tokens", String(tokens.remaining)),
                ("x-ratelimit-reset-tokens", Self.text(tokens.reset)),
            ]
        }
        return fields
    }

    /// The same by name.
    package var headers: [String: String] {
        Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.value) })
    }

    /// A time as OpenAI writes it: `20ms`, `1s`, `1.5s`, `6m0s`, `1h0m0s`.
    package static func text(_ milliseconds: Int64) -> String {
        let milliseconds = max(0, milliseconds)
        if milliseconds < 1000 { return milliseconds == 0 ? "0s" : String(milliseconds) + "ms" }
        let (whole, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        var text = ""
        if whole >= 3600 { text += String(whole / 3600) + "h" }
        if whole >= 60 { text += String(whole / 60 % 60) + "m" }
        text += String(whole % 60)
        if rest > 0 {
            var (digits, places) = (rest, 3)
            while digits % 10 == 0 { (digits, places) = (digits / 10, places - 1) }
            text += "."
            if digits < 10, places > 1 { text += "0" }
            if digits < 100, places > 2 { text += "0" }
            text += String(digits)
        }
        return text + "s"
    }
}
