// A set of phrases that mean the same, English and Chinese side by side.

/// Phrases of one meaning. English ones are matched on whole words, Chinese ones anywhere.
struct Phrases: Sendable, ExpressibleByArrayLiteral {
    let english: [String]
    let chinese: [String]

    init(arrayLiteral phrases: String...) {
        self.init(phrases)
    }

    init(_ phrases: [String]) {
        // Longest first, so that `not resolved` is found before `resolved`.
        let sorted = phrases.sorted { ($0.count, $1) > ($1.count, $0) }
        chinese = sorted.filter { $0.unicodeScalars.contains(where: Utterance.isHan) }
        english = sorted.filter { !$0.unicodeScalars.contains(where: Utterance.isHan) }
    }

    func isSaid(in utterance: Utterance) -> Bool {
        english.contains(where: utterance.says) || chinese.contains(where: utterance.says)
    }

    /// The longest phrase that is said.
    func first(in utterance: Utterance) -> String? {
        english.first(where: utterance.says) ?? chinese.first(where: utterance.says)
    }

    /// Whether the text begins with one of them.
    func opens(_ utterance: Utterance) -> Bool {
        english.contains { utterance.spaced.hasPrefix(" \($0) ") }
            || chinese.contains { utterance.compact.hasPrefix($0) }
    }

    /// Whether a phrase is said, taking what was found out of the text, so that a longer phrase
    /// (`unresolved`, `未恢复`) is not heard a second time as the shorter one inside it.
    func take(of utterance: Utterance, from spaced: inout String, _ compact: inout String) -> Bool {
        var found = false
        // What the whole does not say, the rest of it does not say either; that is the quick way out.
        for phrase in english where utterance.says(phrase) {
            while let range = spaced.firstRange(of: " \(phrase) ") {
                spaced.replaceSubrange(range, with: " | ")
                found = true
            }
        }
        for phrase in chinese where utterance.says(phrase) {
            while let range = compact.firstRange(of: phrase) {
                compact.replaceSubrange(range, with: "|")
                found = true
            }
        }
        return found
    }
}
