// How much of a text from outside is kept, and what it may contain.

/// Bounds of what one event may bring. Longer texts are cut, never refused: an alert is not lost over its prose.
package enum TextLimits {
    /// Bytes of UTF-8.
    package static let title = 1_000
    package static let description = 16_000
    package static let labelName = 200
    /// Also the bound of an indexed value: PostgreSQL's index rows hold about 2,700 bytes in all.
    package static let labelValue = 1_000
    package static let annotationValue = 8_000
    package static let identifier = 1_000
    package static let link = 4_000
    /// Members of `labels` or `annotations`.
    package static let labels = 100
    /// Bytes of an event as it came.
    package static let raw = 16_000
}

extension String {
    /// At most `limit` bytes, cut before a character that does not fit whole, with `…` in place of the rest.
    package func cut(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: max(0, limit - 3))
        while end > utf8.startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return String(self[..<end]) + "…"
    }

    /// Without NUL, which PostgreSQL cannot store.
    package var storable: String {
        utf8.contains(0) ? String(unicodeScalars.filter { $0.value != 0 }.map(Character.init)) : self
    }

    /// For a model or a terminal: control and direction-changing characters become spaces, at most `limit` bytes.
    ///
    /// Bidirectional controls and zero-width characters can make a text look other than it is; tag characters
    /// (U+E0000…) are invisible to people and readable by models.
    package func harmless(limit: Int) -> String {
        let isClean = utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        guard !isClean else { return cut(to: limit) }
        var scalars = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029: scalars.append(" ")
            case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFEFF, 0xE0000...0xE0FFF: continue
            default: scalars.append(scalar)
            }
        }
        return String(scalars).cut(to: limit)
    }
}
