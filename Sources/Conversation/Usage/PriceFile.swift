// Reads prices from YAML, with the line of whatever is wrong.

import Providers
package import YAML

/// `prices.yaml`: `currency`, `as_of` (the day whose prices they are), and a list of models with the price
/// of a million tokens as decimals.
package enum PriceFile {
    /// - Throws: `YAMLFault` with file and line.
    package static func read(_ text: String, file: String) throws(YAMLFault) -> PriceBook {
        let root = try YAMLNode(parsing: text, file: file)
        try root.allowOnly(["currency", "as_of", "models"])
        let currency = try root.required("currency")
        let code = try currency.string()
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (65...90).contains($0) }) else {
            throw currency.fault("`currency` must be three capital letters, such as USD")
        }
        // For people; a date all the same, since prices without one are trusted for too long.
        let day = try root.required("as_of")
        guard try isDay(day.string()) else { throw day.fault("`as_of` must be a day such as 2026-11-21") }
        var prices: [String: ModelPrice] = [:]
        for entry in try root.required("models").elements() {
            try entry.allowOnly(["model", "input", "output", "cached_input", "cache_write"])
            let name = try entry.required("model")
            let model = try name.string()
            guard !model.isEmpty, prices[model] == nil else { throw name.fault("\(model) is there twice") }
            prices[model] = ModelPrice(
                input: try micros(entry.required("input")),
                output: try micros(entry.required("output")),
                cachedInput: try optionalMicros(entry["cached_input"]),
                cacheWrite: try optionalMicros(entry["cache_write"])
            )
        }
        return PriceBook(currency: code, prices: prices)
    }

    private static func optionalMicros(_ node: YAMLNode?) throws(YAMLFault) -> Int64? {
        guard let node else { return nil }
        return try micros(node)
    }

    /// A decimal of at most six places as millionths; never by way of a floating point number.
    static func micros(_ node: YAMLNode) throws(YAMLFault) -> Int64 {
        let text = try node.string()
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
        guard digits, let whole = parts.first, whole.utf8.count <= 6, parts.count == 1 || parts[1].utf8.count <= 6
        else {
            throw node.fault("`\(node.path)` must be a decimal such as 0.15, with at most six places")
        }
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        return Int64("\(whole)\(fraction)" + String(repeating: "0", count: 6 - fraction.utf8.count)) ?? 0
    }

    private static func isDay(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [4, 2, 2]
            && parts.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } }
    }
}
