// One condition of a rule: a key, an operator, a value.

import Glibc
import JSON

/// The operators of bk-lite (bklite.md section 2.5). Texts are compared by their bytes, so case matters; a pattern may
/// begin with `(?i)`.
package enum MatchOperator: String, Sendable, Hashable, CaseIterable {
    case eq
    case ne
    case contains
    case notContains = "not_contains"
    case re

    package static var names: [String] { allCases.map(\.rawValue) }
}

/// `{"key","operator","value"}`, read and ready to be asked.
package struct MatchCondition: Sendable {
    private enum Test: Sendable {
        case equals(String, isNegated: Bool)
        case contains(String, isNegated: Bool)
        case pattern(RulePattern)
    }

    package let key: MatchKey
    private let test: Test

    /// Bytes of a value; labels and titles are no longer than that.
    static let maximumValue = 1_000

    /// - Throws: the fault with the member's name (`.value`) as its field; empty for the condition as a whole.
    init(_ json: JSONValue) throws(RuleFault) {
        guard let object = json.object else { throw RuleFault("", "must be an object, not \(json.typeName)") }
        for member in object.keys where !["key", "operator", "value"].contains(member) {
            throw RuleFault(".\(member.harmless(limit: 60))", "is no member of a condition: key, operator, value")
        }
        guard let name = object["key"]?.string else { throw RuleFault(".key", "must be a string") }
        guard let key = MatchKey(name) else { throw RuleFault(".key", MatchKey.problem(name) ?? "is no key") }
        guard let word = object["operator"]?.string, let comparison = MatchOperator(rawValue: word) else {
            throw RuleFault(".operator", "must be one of \(MatchOperator.names.joined(separator: ", "))")
        }
        var value = try Self.text(object["value"])
        self.key = key
        switch comparison {
        case .eq, .ne:
            try Self.settle(&value, key)
            test = .equals(value, isNegated: comparison == .ne)
        case .contains, .notContains:
            // Every text contains the empty one: such a condition says nothing, or never holds.
            guard !value.isEmpty else { throw RuleFault(".value", "must not be empty with \(comparison.rawValue)") }
            test = .contains(value, isNegated: comparison == .notContains)
        case .re:
            guard !value.isEmpty else { throw RuleFault(".value", "must not be empty with re") }
            do throws(RuleFault) {
                test = .pattern(try RulePattern(value))
            } catch {
                throw error.inside(".value")
            }
        }
    }

    /// Whether it is a regular expression.
    var isPattern: Bool { if case .pattern = test { true } else { false } }

    /// Whether it holds. What is missing is the empty text, so `ne` and `not_contains` hold for it.
    func matches(_ subject: MatchSubject) -> Bool { matches(subject.text(key) ?? "") }

    /// Whether it holds, and not merely because the text is missing. `eq` with an empty value asks for what is missing
    /// and so counts.
    func matchesPresent(_ subject: MatchSubject) -> Bool {
        guard let text = subject.text(key) else {
            if case .equals(_, isNegated: false) = test { return matches("") }
            return false
        }
        return matches(text)
    }

    private func matches(_ text: String) -> Bool {
        switch test {
        case .equals(let value, let isNegated): text.hasSameBytes(as: value) != isNegated
        case .contains(let value, let isNegated): text.holds(bytesOf: value) != isNegated
        case .pattern(let pattern): pattern.matches(text)
        }
    }

    /// A value as text: forms send numbers and booleans as well.
    private static func text(_ json: JSONValue?) throws(RuleFault) -> String {
        let text: String
        switch json {
        case .string(let given)?: text = given
        case .number(let number)?: text = number.text
        case .bool(let flag)?: text = flag ? "true" : "false"
        default: throw RuleFault(".value", "must be a string")
        }
        guard text.utf8.count <= maximumValue else {
            throw RuleFault(".value", "must not be longer than \(maximumValue) bytes")
        }
        guard !text.utf8.contains(0) else { throw RuleFault(".value", "must not contain the character U+0000") }
        return text
    }

    /// Values that only some words make sense for: levels in either spelling, and statuses.
    private static func settle(_ value: inout String, _ key: MatchKey) throws(RuleFault) {
        switch key {
        case .level, .levelID:
            guard let level = AlertLevel(value) else {
                throw RuleFault(".value", "must be one of \(AlertLevel.names.joined(separator: ", ")) or 0 to 3")
            }
            value = key == .level ? level.name : String(level.rawValue)
        case .status:
            guard AlertStatus(rawValue: value) != nil else {
                throw RuleFault(".value", "must be one of \(AlertStatus.names.joined(separator: ", "))")
            }
        default: break
        }
    }
}

extension String {
    /// Equal byte for byte. `==` would take composed and decomposed letters for the same, and the stores do not.
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }

    /// Whether the bytes of the other text occur in this one. Both are short, so the plain way is good enough: at worst
    /// a comparison for each byte of the text.
    func holds(bytesOf other: String) -> Bool {
        utf8.span.withUnsafeBytes { text in
            other.utf8.span.withUnsafeBytes { sought in
                guard let begin = text.baseAddress, let start = sought.baseAddress, !sought.isEmpty else {
                    return sought.isEmpty
                }
                var place = 0
                // Up to the last place where the whole of it would still fit.
                while place + sought.count <= text.count {
                    let rest = text.count - sought.count - place + 1
                    guard let found = memchr(begin + place, Int32(sought[0]), rest) else { return false }
                    if memcmp(found, start, sought.count) == 0 { return true }
                    place = begin.distance(to: UnsafeRawPointer(found)) + 1
                }
                return false
            }
        }
    }
}
