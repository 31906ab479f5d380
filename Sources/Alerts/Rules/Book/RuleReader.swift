// Reads a stored or wanted row of a rule, and gathers everything that is wrong with it.

import JSON
import Resources

/// One row on its way to a rule. Each part that cannot be read is noted and replaced by a stand-in; `finish` throws
/// when anything was noted.
struct RuleReader {
    let record: ResourceRecord
    private var faults: [RuleFault] = []

    init(_ record: ResourceRecord) {
        self.record = record
    }

    mutating func note(_ field: String, _ message: String) {
        faults.append(RuleFault(field, message))
    }

    func finish() throws(RuleFaults) {
        guard faults.isEmpty else { throw RuleFaults(faults) }
    }

    /// The part that the body reads, or the stand-in.
    mutating func take<Part>(_ standIn: Part, _ body: () throws(RuleFault) -> Part) -> Part {
        do throws(RuleFault) {
            return try body()
        } catch {
            faults.append(error)
            return standIn
        }
    }

    func integer(_ field: String) -> Int64 { record.integer(field) ?? 0 }

    func text(_ field: String) -> String { record.text(field) ?? "" }

    func json(_ field: String) -> JSONValue { record.json(field) ?? .null }

    mutating func matchRules() -> MatchRules {
        let (type, rules) = (text("match_type"), json("match_rules"))
        return take(.all) { () throws(RuleFault) in try MatchRules(type: type, rules: rules) }
    }

    mutating func schedule(_ field: String) -> RuleSchedule {
        let json = json(field)
        return take(.always) { () throws(RuleFault) in try RuleSchedule(json, field: field) }
    }

    /// A duration within bounds, in milliseconds.
    mutating func duration(_ field: String, _ bounds: ClosedRange<Int64>) -> Int64 {
        let text = text(field)
        return take(bounds.lowerBound) { () throws(RuleFault) in
            do throws(RuleFault) {
                let duration = try RuleDuration(text).milliseconds
                guard bounds.contains(duration) else {
                    throw RuleFault(
                        "",
                        "must be from \(Self.words(bounds.lowerBound)) to \(Self.words(bounds.upperBound))"
                    )
                }
                return duration
            } catch {
                throw error.inside(field)
            }
        }
    }

    /// Names as in match rules, each once.
    mutating func keys(_ field: String, atLeast minimum: Int = 0) -> [String] {
        let names = (json(field).array ?? []).compactMap(\.string)
        for (index, name) in names.enumerated() {
            if let problem = MatchKey.problem(name) {
                note("\(field)[\(index)]", problem)
            } else if names[..<index].contains(name) {
                note("\(field)[\(index)]", "occurs twice")
            }
        }
        if names.count < minimum { note(field, "must name at least one key") }
        if names.count > Self.maximumKeys { note(field, "must not name more than \(Self.maximumKeys) keys") }
        return names
    }

    static let maximumKeys = 10

    private static func words(_ milliseconds: Int64) -> String {
        switch milliseconds {
        case let span where span > 0 && span % 86_400_000 == 0: "\(span / 86_400_000)day"
        case let span where span > 0 && span % 3_600_000 == 0: "\(span / 3_600_000)hour"
        case let span where span % 60_000 == 0: "\(span / 60_000)min"
        default: "\(milliseconds / 1_000)s"
        }
    }
}
