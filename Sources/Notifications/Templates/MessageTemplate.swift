// One Mustache template: checked when it is saved, rendered with bounds when it is used.

import JSON
import Mustache

/// Why a template cannot be used; reads on from its name.
struct TemplateFault: Error, Sendable, Hashable {
    var message: String
}

/// A compiled template.
///
/// Values come as text that is escaped already, whatever the template's tags say; partials, inheritance, changed
/// delimiters and pragmas are refused, so that what remains is text, variables and sections.
struct MessageTemplate: Sendable {
    private let template: MustacheTemplate
    private let style: TemplateStyle
    private let bytes: Int

    /// Values bring their own escaping. The line end makes the pragma stand alone, so that it leaves no trace.
    private static let pragma = "{{% CONTENT_TYPE:TEXT}}\n"

    /// - Throws: what is wrong with it, with the line where that is known.
    init(_ text: String, style: TemplateStyle, limit: Int) throws(TemplateFault) {
        guard text.utf8.count <= limit else { throw TemplateFault(message: "must have at most \(limit) bytes") }
        guard text.utf8.count({ $0 == UInt8(ascii: "{") }) <= TemplateLimits.braces else {
            throw TemplateFault(message: "must not have more than \(TemplateLimits.braces) opening braces")
        }
        // Mustache takes one character for a line end that Swift takes for two, and the other way round.
        let text = text.withoutControls
        try TemplateScan.check(text, style)
        self.style = style
        bytes = text.utf8.count
        do {
            template = try MustacheTemplate(string: Self.pragma + text)
        } catch let error as MustacheTemplate.ParserError {
            let line = max(1, error.context.lineNumber - 1)
            throw TemplateFault(message: "does not compile: \(Self.words(error.error)), at line \(line)")
        } catch {
            throw TemplateFault(message: "does not compile")
        }
    }

    /// What it makes of the variables.
    ///
    /// - Throws: when it makes too much work or too long a text.
    func render(_ variables: JSONObject) throws(TemplateFault) -> String {
        let budget = RenderBudget(templateBytes: bytes)
        let scope = RenderScope(style: style, budget: budget)
        let text = template.render(TemplateObject(object: variables, scope: scope))
        guard !budget.isExceeded else { throw TemplateFault(message: "repeats or puts in too much") }
        guard text.utf8.count <= style.outputLimit else {
            throw TemplateFault(message: "makes more than \(style.outputLimit) bytes")
        }
        return style == .title ? text.shownLine(limit: style.outputLimit) : text
    }

    private static func words(_ error: any Error) -> String {
        switch error as? MustacheTemplate.Error {
        case .sectionCloseNameIncorrect: "a section is closed under another name"
        case .unfinishedName: "a tag is not a name between {{ and }}"
        case .expectedSectionEnd: "a section is not closed"
        default: "a tag is not finished"
        }
    }
}

/// Looks through a template's tags before the parser does.
private enum TemplateScan {
    static func check(_ text: String, _ style: TemplateStyle) throws(TemplateFault) {
        var rest = text[...]
        var depth = 0
        while let start = rest.firstRange(of: "{{") {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: "}}") else {
                throw TemplateFault(message: "does not compile: a tag is not finished")
            }
            let tag = rest[..<end.lowerBound]
            guard tag.utf8.count <= TemplateLimits.tagBytes || tag.hasPrefix("!") else {
                throw TemplateFault(message: "must not have tags of more than \(TemplateLimits.tagBytes) bytes")
            }
            switch tag.first {
            case "#", "^":
                depth += 1
                guard depth <= TemplateLimits.depth else {
                    throw TemplateFault(message: "must not have more than \(TemplateLimits.depth) sections in sections")
                }
            case "/":
                depth -= 1
            case ">", "<", "$":
                throw TemplateFault(message: "must not use partials ({{>…}}, {{<…}}, {{$…}})")
            case "=":
                throw TemplateFault(message: "must not change the delimiters ({{=…}})")
            case "%":
                throw TemplateFault(message: "must not use pragmas ({{%…}})")
            case "{" where style.refusesUnescaped, "&" where style.refusesUnescaped:
                throw TemplateFault(
                    message: "must not put values in unescaped ({{{…}}}, {{&…}}): they come from outside"
                )
            default: break
            }
            rest = rest[end.upperBound...]
        }
    }
}

extension Sequence where Element == UInt8 {
    fileprivate func count(_ isCounted: (UInt8) -> Bool) -> Int { reduce(0) { $0 + (isCounted($1) ? 1 : 0) } }
}
