// A meter as it lies in the store.

import JSON

extension LimitMeter {
    /// `{"s":seen,"o":offset,"r":[[tick,amount]…],"t":…,"d":[[day,micros]…],"m":…,"b":1,"n":{"node":2}}`; what is empty is left out.
    var text: String {
        var object: JSONObject = ["s": .integer(seen)]
        func list(_ name: String, _ pairs: [(Int64, Int64)]) {
            guard !pairs.isEmpty else { return }
            object[name] = .array(pairs.map { .array([.integer($0.0), .integer($0.1)]) })
        }
        if offset != 0 { object["o"] = .integer(offset) }
        list("r", requests.entries.map { ($0.tick, Int64($0.amount)) })
        list("t", tokens.entries.map { ($0.tick, Int64($0.amount)) })
        list("d", days.periods.map { ($0.number, $0.micros) })
        list("m", months.periods.map { ($0.number, $0.micros) })
        if isSeeded { object["b"] = 1 }
        if !running.isEmpty {
            var holders = JSONObject()
            for (holder, count) in running.sorted(by: { $0.key < $1.key }) { holders[holder] = .integer(count) }
            object["n"] = .object(holders)
        }
        return JSONValue.object(object).text
    }

    /// - Throws: `JSONError` for a text that none of ours wrote.
    init(text: String) throws(JSONError) {
        let value = try JSONValue(parsing: text)
        func pairs(_ name: String) -> [(Int64, Int64)] {
            (value[name]?.array ?? []).compactMap { pair in
                guard let first = pair[0]?.int, let second = pair[1]?.int else { return nil }
                return (Int64(first), Int64(second))
            }
        }
        self.init(
            seen: value["s"]?.int.map(Int64.init) ?? .min,
            offset: value["o"]?.int.map(Int64.init) ?? 0,
            requests: MinuteWindow(pairs("r").map { .init(tick: $0.0, amount: Int($0.1)) }),
            tokens: MinuteWindow(pairs("t").map { .init(tick: $0.0, amount: Int($0.1)) }),
            days: SpentMoney(pairs("d").map { .init(number: $0.0, micros: $0.1) }),
            months: SpentMoney(pairs("m").map { .init(number: $0.0, micros: $0.1) }),
            isSeeded: value["b"]?.int == 1
        )
        for (holder, count) in value["n"]?.object ?? [:] { running[holder] = count.int }
    }

    /// Without those who count for nodes that are gone.
    mutating func forget(holdersExcept alive: Set<String>) {
        if running.keys.contains(where: { !alive.contains($0) }) { running = running.filter { alive.contains($0.key) } }
    }
}
