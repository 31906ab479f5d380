// Makes text from outside fit to be shown: no control characters, no live Markdown, bounded.

/// Text that came through a tool: titles, labels, hosts, messages. It is data, whatever it says.
package enum OutsideText {
    /// A title or message inside a line of Markdown.
    package static func plain(_ text: String, limit: Int = 200) -> String {
        escaped(bounded(text, limit))
    }

    /// A name in a code span, where nothing but the back-tick means anything.
    package static func code(_ text: String, limit: Int = 100) -> String {
        let cleaned = String(bounded(text, limit).map { $0 == "`" ? "'" : $0 })
        return cleaned.isEmpty ? "–" : "`\(cleaned)`"
    }

    /// A link's text and target; only the text where the target is not a plain web address or a path of this server.
    static func link(_ text: String, to target: String?) -> String {
        guard let target, let safe = safeTarget(target) else { return "[\(text)]" }
        return "[\(text)](\(safe))"
    }

    /// An id as part of a link's text, in letters, digits, dots and dashes only.
    package static func identifier(_ text: String) -> String {
        String(text.prefix(64).filter { ($0.isASCII && ($0.isLetter || $0.isNumber)) || ".-_:".contains($0) })
    }

    private static func safeTarget(_ target: String) -> String? {
        guard target.utf8.count <= 2_000 else { return nil }
        let isWeb = target.hasPrefix("https://") || target.hasPrefix("http://")
        let isPath = target.hasPrefix("/") && !target.hasPrefix("//")
        guard isWeb || isPath else { return nil }
        let isClean = target.utf8.allSatisfy { byte in
            switch byte {
            case 0x21, 0x23...0x26, 0x2A...0x3B, 0x3D, 0x3F...0x5A, 0x5F, 0x61...0x7A, 0x7E: true
            default: false
            }
        }
        return isClean ? target : nil
    }

    /// One line, no control or direction characters, at most `limit` characters.
    package static func bounded(_ text: String, _ limit: Int) -> String {
        var cleaned = ""
        var count = 0
        var isSpace = true
        // A character may be built of thousands of marks, so scalars are counted, not characters.
        for scalar in text.unicodeScalars {
            if isBlank(scalar) {
                if !isSpace { cleaned.unicodeScalars.append(" ") }
                isSpace = true
                continue
            }
            if isHidden(scalar) { continue }
            isSpace = false
            count += 1
            if count > limit { return trimmed(cleaned) + "…" }
            cleaned.unicodeScalars.append(scalar)
        }
        return trimmed(cleaned)
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x2028, 0x2029, 0x3000: true
        default: false
        }
    }

    /// Control characters, direction overrides, invisible signs and the tag block, all of which can hide what is said.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }

    /// Escapes what CommonMark, GitHub's extensions and the mathematics of chat clients would act on. Underscores
    /// inside words stay, since they mean nothing there and host and label names are full of them.
    static func escaped(_ text: String) -> String {
        let characters = Array(text.unicodeScalars)
        var escaped = String.UnicodeScalarView()
        for (index, scalar) in characters.enumerated() {
            let previous = index > 0 ? characters[index - 1] : " "
            let next = index + 1 < characters.count ? characters[index + 1] : " "
            let needsEscape =
                switch scalar {
                case "\\", "`", "*", "[", "]", "<", ">", "|", "~", "#", "$", "{", "}", "!": true
                case "_": !(isWordPart(previous) && isWordPart(next))
                case "&": next == "#" || next.properties.isAlphabetic
                // A bare address would become a link by itself.
                case ":": next == "/"
                case "@": true
                case ".":
                    index >= 3
                        && String(String.UnicodeScalarView(characters[(index - 3)..<index])).lowercased() == "www"
                default: false
                }
            if needsEscape { escaped.append("\\") }
            escaped.append(scalar)
        }
        return String(escaped)
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || (0x30...0x39).contains(scalar.value)
    }
}
