// The conditions of a rule: a list of groups of which one must hold, each with conditions that must all hold.

package import JSON

/// Match rules in bk-lite's form (bklite.md section 2.5): outer list OR, inner list AND.
///
/// A missing label is the empty text (as in Alertmanager, ops.md section 2.4): `ne` and `not_contains` hold for
/// everything that lacks the label. `matchesOnlyByAbsence` tells where that decides.
package struct MatchRules: Sendable {
    /// Everything matches.
    package let isAll: Bool
    private let groups: [[MatchCondition]]

    package static let types = ["all", "filter"]
    package static let maximumGroups = 20
    package static let maximumConditions = 20
    /// Regular expressions in one rule: each may need a megabyte while it matches.
    package static let maximumPatterns = 40

    /// Matches everything.
    package static let all = MatchRules(isAll: true, groups: [])

    private init(isAll: Bool, groups: [[MatchCondition]]) {
        self.isAll = isAll
        self.groups = groups
    }

    /// - Parameters:
    ///   - type: `all` (the rules are checked and then not looked at), or `filter`, which needs at least one condition.
    ///   - field: what the fault's place begins with.
    /// - Throws: the first fault, with its place: `match_rules[0][1].operator`.
    package init(type: String, rules: JSONValue, field: String = "match_rules") throws(RuleFault) {
        guard Self.types.contains(type) else { throw RuleFault("match_type", "must be all or filter") }
        let groups: [[MatchCondition]]
        do throws(RuleFault) {
            groups = try Self.groups(rules)
        } catch {
            throw error.inside(field)
        }
        guard type == "all" || !groups.isEmpty else {
            throw RuleFault(field, "must hold at least one condition with match_type filter")
        }
        self.init(isAll: type == "all", groups: groups)
    }

    /// What is wrong with rules, with the place, or nil. An empty list has no fault here: that depends on the type.
    package static func problem(_ rules: JSONValue) -> String? {
        do throws(RuleFault) {
            _ = try groups(rules)
            return nil
        } catch {
            return error.field.isEmpty ? error.message : error.text
        }
    }

    package func matches(_ subject: MatchSubject) -> Bool {
        isAll || groups.contains { group in group.allSatisfy { $0.matches(subject) } }
    }

    /// Whether it matches, and would not if what is missing matched nothing.
    package func matchesOnlyByAbsence(_ subject: MatchSubject) -> Bool {
        guard !isAll, matches(subject) else { return false }
        return !groups.contains { group in group.allSatisfy { $0.matchesPresent(subject) } }
    }

    private static func groups(_ json: JSONValue) throws(RuleFault) -> [[MatchCondition]] {
        guard let lists = json.array else { throw RuleFault("", "must be an array of arrays") }
        guard lists.count <= maximumGroups else {
            throw RuleFault("", "must not have more than \(maximumGroups) groups")
        }
        var patterns = 0
        var groups: [[MatchCondition]] = []
        for (outer, list) in lists.enumerated() {
            guard let items = list.array else { throw RuleFault("[\(outer)]", "must be an array of conditions") }
            // A group without conditions would match everything.
            guard !items.isEmpty else { throw RuleFault("[\(outer)]", "must hold at least one condition") }
            guard items.count <= maximumConditions else {
                throw RuleFault("[\(outer)]", "must not have more than \(maximumConditions) conditions")
            }
            var group: [MatchCondition] = []
            for (inner, item) in items.enumerated() {
                do throws(RuleFault) {
                    group.append(try MatchCondition(item))
                } catch {
                    throw error.inside("[\(outer)][\(inner)]")
                }
                if group[inner].isPattern { patterns += 1 }
                guard patterns <= maximumPatterns else {
                    throw RuleFault("[\(outer)][\(inner)].operator", "is one re too many: at most \(maximumPatterns)")
                }
            }
            groups.append(group)
        }
        return groups
    }
}
