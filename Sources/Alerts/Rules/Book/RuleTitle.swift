// Titles of aggregates and incidents: a text with places for what the members share.

/// `Disk trouble in ${labels.cluster}`: `${NAME}` stands for the value of a name in `group_by`, `${count}` for the
/// number of members. No other syntax; what is filled in is not read again.
package enum RuleTitle {
    /// Bytes of a title as it is written.
    static let maximumLength = 500

    /// - Parameters:
    ///   - template: empty for the rule's name with the values behind it.
    ///   - keys: the rule's `group_by`.
    ///   - values: theirs, in the same order.
    /// - Returns: at most `TextLimits.title` bytes.
    package static func text(
        _ template: String,
        rule: String,
        keys: [String],
        values: [String],
        count: Int64
    ) -> String {
        guard !template.isEmpty else {
            let named = zip(keys, values).map { "\($0)=\($1)" }.joined(separator: ", ")
            return (named.isEmpty ? rule : "\(rule): \(named)").cut(to: TextLimits.title)
        }
        var text = ""
        for piece in pieces(template) {
            switch piece {
            case .text(let plain): text += plain
            case .place("count"): text += String(count)
            case .place(let name): text += keys.firstIndex(of: name).map { $0 < values.count ? values[$0] : "" } ?? ""
            }
        }
        return text.cut(to: TextLimits.title)
    }

    /// What is wrong with a title, or nil.
    static func problem(_ template: String, keys: [String]) -> String? {
        for case .place(let name) in pieces(template) where name != "count" && !keys.contains(name) {
            return "names \(name.harmless(limit: 60)), which is not in group_by"
        }
        return template.utf8.count > maximumLength ? "must not be longer than \(maximumLength) bytes" : nil
    }

    private enum Piece {
        case text(String)
        case place(String)
    }

    private static func pieces(_ template: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = Substring(template)
        while let open = rest.firstRange(of: "${"), let close = rest[open.upperBound...].firstIndex(of: "}") {
            pieces.append(.text(String(rest[..<open.lowerBound])))
            pieces.append(.place(String(rest[open.upperBound..<close])))
            rest = rest[rest.index(after: close)...]
        }
        pieces.append(.text(String(rest)))
        return pieces
    }
}

extension RuleReader {
    mutating func title(keys: [String]) -> String {
        let title = text("title")
        if let problem = RuleTitle.problem(title, keys: keys) { note("title", problem) }
        return title
    }
}
