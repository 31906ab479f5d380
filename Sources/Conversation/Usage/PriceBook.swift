// What a round costs: prices by model, exact whole numbers, one rounding a row.

package import OpenAIProtocol
package import Providers

/// Money before it is rounded, in millionths of a millionth of the currency unit: tokens times the price of a million
/// tokens. Sums of these are exact.
package struct Charge: Sendable, Hashable {
    package var picos: Int128

    package static let zero = Charge(picos: 0)

    package init(picos: Int128) {
        self.picos = picos
    }

    package static func + (left: Charge, right: Charge) -> Charge { Charge(picos: left.picos + right.picos) }

    /// Millionths of the currency unit, a half rounded up.
    package var micros: Int64 { Int64(clamping: (picos + 500_000) / 1_000_000) }
}

/// The prices in force.
///
/// A price is looked up as `provider/model`; else by what follows the first slash, whoever serves it; each of them
/// also without the date at the end of a snapshot's name (`gpt-4o-2024-08-06`, `claude-sonnet-4-20250514`). The offline
/// model costs nothing. Anything else has no price, and rows say so instead of counting zero.
package struct PriceBook: Sendable, Hashable {
    /// ISO 4217, one for all prices.
    package var currency: String
    /// By `provider/model` or by the model's bare name.
    package var prices: [String: ModelPrice]

    package static let empty = PriceBook(currency: "USD", prices: [:])

    package init(currency: String, prices: [String: ModelPrice]) {
        self.currency = currency
        self.prices = prices
    }

    /// With the prices of configured models in the place of those here.
    package func merging(_ profiles: some Sequence<ModelProfile>) -> PriceBook {
        var book = self
        for profile in profiles { if let price = profile.price { book.prices[profile.name] = price } }
        return book
    }

    /// - Parameter model: `provider/model`.
    package func price(of model: String) -> ModelPrice? {
        if let price = prices[model] { return price }
        let slash = model.utf8.firstIndex(of: 0x2F)
        if let slash, model[..<slash] == ModelRouter.offlineProvider { return ModelPrice(input: 0, output: 0) }
        let undated = model.withoutDate
        if let undated, let price = prices[undated] { return price }
        guard let slash else { return nil }
        let bare = model.utf8.index(after: slash)
        return prices[String(model[bare...])] ?? undated.flatMap { prices[String($0[bare...])] }
    }

    /// What tokens cost, unrounded; nil when the price is not known. No tokens cost nothing anywhere.
    ///
    /// Cached and cache-write tokens are parts of the prompt and have their own prices, where there are any; reasoning
    /// tokens are part of the completion and cost what it costs. Parts that exceed the whole (an upstream that counts
    /// them beside it) are counted at their own price, and the rest as zero.
    package func charge(model: String, usage: Usage) -> Charge? {
        if usage.promptTokens == 0, usage.completionTokens == 0, usage.cachedTokens == 0, usage.cacheWriteTokens == 0 {
            return .zero
        }
        guard let price = price(of: model) else { return nil }
        let plain = max(0, usage.promptTokens - usage.cachedTokens - usage.cacheWriteTokens)
        return Charge(
            picos: Int128(plain) * Int128(price.input)
                + Int128(usage.cachedTokens) * Int128(price.cachedInput ?? price.input)
                + Int128(usage.cacheWriteTokens) * Int128(price.cacheWrite ?? price.input)
                + Int128(usage.completionTokens) * Int128(price.output)
        )
    }

    /// What tokens cost in millionths of the currency unit, a half rounded up; nil when the price is not known.
    package func cost(model: String, usage: Usage) -> Int64? {
        charge(model: model, usage: usage)?.micros
    }
}

extension String {
    /// Without `-2024-08-06` or `-20240806` at the end; nil where nothing like it is there.
    fileprivate var withoutDate: String? {
        var end = utf8.endIndex
        var groups: [Int] = []
        while groups.count < 3 {
            var start = end
            while start > utf8.startIndex, (48...57).contains(utf8[utf8.index(before: start)]) {
                start = utf8.index(before: start)
            }
            let digits = utf8.distance(from: start, to: end)
            guard digits > 0, start > utf8.startIndex, utf8[utf8.index(before: start)] == 0x2D else { break }
            groups.append(digits)
            end = utf8.index(before: start)
            if digits != 2 { break }
        }
        return groups == [8] || groups == [2, 2, 4] ? String(self[..<end]) : nil
    }
}
