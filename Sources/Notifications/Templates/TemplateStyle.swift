// What a text is written for, and how values from outside are made harmless in it.

/// The kinds of text that templates make.
enum TemplateStyle: Sendable, Hashable {
    /// One line.
    case title
    case text
    case html
    /// WeCom's markdown (document 91770).
    case markdown
    /// The inside of a JSON string.
    case json

    /// A value as it may stand in this kind of text: text from outside never gains a meaning of its own.
    func escaped(_ value: String) -> String {
        let clean = value.withoutControls
        switch self {
        case .title: return clean.shownLine(limit: .max)
        case .text: return clean
        case .html: return Self.html(clean)
        case .markdown: return Self.markdown(clean)
        case .json: return Self.json(clean)
        }
    }

    /// Bytes that may come out.
    var outputLimit: Int {
        switch self {
        case .title: TemplateLimits.titleOutput
        case .text, .markdown: TemplateLimits.textOutput
        case .html: TemplateLimits.htmlOutput
        case .json: TemplateLimits.bodyOutput
        }
    }

    /// Whether a tag that asks for no escaping is refused.
    var refusesUnescaped: Bool { self != .title && self != .text }

    private static func html(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count + 16)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// WeCom's markdown has no escape character. What would mention (`<@ann>`), colour (`<font …>`), link
    /// (`[…](…)`), quote or head a line becomes the full-width character that looks alike.
    private static func markdown(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var atLineStart = true
        let scalars = Array(text.unicodeScalars)
        for (index, scalar) in scalars.enumerated() {
            let next = index + 1 < scalars.count ? scalars[index + 1] : " "
            switch scalar {
            case "<" where next == "@" || next == "/" || next == "!" || next.properties.isAlphabetic:
                result.append("\u{FF1C}")
            case "]" where next == "(":
                result.append("\u{FF3D}")
            case "#" where atLineStart: result.append("\u{FF03}")
            case ">" where atLineStart: result.append("\u{FF1E}")
            default: result.append(scalar)
            }
            atLineStart = scalar == "\n" || (atLineStart && (scalar == " " || scalar == "\t"))
        }
        return String(result)
    }

    private static func json(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count + 8)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
