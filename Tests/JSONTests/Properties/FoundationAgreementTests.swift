// The parser against Foundation's JSONSerialization: both must accept and refuse the same texts, and read the same.

import Foundation
import JSON
import Testing

struct FoundationAgreementTests {
    @Test func randomValuesAreReadAlike() throws {
        var random = SeededGenerator()
        for round in 0..<400 {
            let value = random.value()
            let bytes = Array(random.spelling(value).utf8)
            let note: Comment = "seed \(random.seed), round \(round): \(String(decoding: bytes, as: UTF8.self))"
            let ours = try #require(try? JSONValue(parsing: bytes), note)
            #expect(ours == value, note)
            let theirs = try #require(try? Self.foundation(bytes), note)
            #expect(Self.agree(ours, theirs), note)
        }
    }

    @Test func damagedTextsAreJudgedAlike() throws {
        var random = SeededGenerator()
        var refused = 0
        for round in 0..<3000 {
            let bytes = random.damage(Array(random.spelling(random.value(depth: 3)).utf8))
            let theirs = try? Self.foundation(bytes)
            let note: Comment =
                "seed \(random.seed), round \(round): \(String(decoding: bytes, as: UTF8.self)) \(bytes)"
            do {
                let ours = try JSONValue(parsing: bytes)
                let isAgreed = theirs.map { Self.agree(ours, $0) } ?? Self.isOursAlone(ours, bytes)
                #expect(isAgreed, note)
            } catch {
                #expect(theirs == nil || Self.isTheirsAlone(error, bytes), note)
                refused += 1
            }
        }
        #expect(refused > 500, "seed \(random.seed): the damage is too slight to test anything")
    }

    private static func foundation(_ bytes: [UInt8]) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
    }

    /// What we take and Foundation refuses: a surrogate escape without its other half, and a number beyond all doubles.
    /// Both are JSON by RFC 8259 (sections 6 and 8.2).
    private static func isOursAlone(_ value: JSONValue, _ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        return text.contains("\\ud") && value.text.unicodeScalars.contains("\u{FFFD}") || holdsInfinity(value)
    }

    /// What Foundation takes and we refuse: a byte order mark, a comma after the last element or member, and
    /// UTF-16 or UTF-32, which it recognises by zero bytes.
    private static func isTheirsAlone(_ error: JSONError, _ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) || bytes.prefix(4).contains(0)
            || error.message.hasPrefix("A comma stands before")
    }

    private static func holdsInfinity(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let number): number.double.isInfinite
        case .array(let elements): elements.contains(where: holdsInfinity)
        case .object(let object): object.values.contains(where: holdsInfinity)
        default: false
        }
    }

    private static func agree(_ ours: JSONValue, _ theirs: Any) -> Bool {
        switch ours {
        case .null: return theirs is NSNull
        case .bool(let bool): return (theirs as? Bool) == bool
        case .number(let number):
            guard let other = theirs as? NSNumber else { return false }
            if let int = number.int, number.text.utf8.allSatisfy({ $0 == 0x2D || $0 > 0x2F && $0 < 0x3A }) {
                return other.int64Value == int
            }
            // Foundation goes by way of decimal arithmetic and may be off in the last places.
            // `JSONNumberTests` asks for exactness.
            return abs(other.doubleValue - number.double) <= abs(number.double) * 1e-14
        case .string(let text):
            return (theirs as? String).map { plain($0).utf8.elementsEqual(plain(text).utf8) } ?? false
        case .array(let elements):
            guard let others = theirs as? [Any], others.count == elements.count else { return false }
            return zip(elements, others).allSatisfy { agree($0, $1) }
        case .object(let object):
            guard let theirs = theirs as? [String: Any], theirs.count == object.count else { return false }
            var others: [String: Any] = [:]
            for (key, value) in theirs { others[plain(key)] = value }
            return object.allSatisfy { member in others[plain(member.key)].map { agree(member.value, $0) } ?? false }
        }
    }

    /// Foundation loses U+FEFF wherever a string or the part of it after an escape begins with one.
    private static func plain(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\u{FEFF}" }))
    }
}
