// The templates that a channel brings along; what it does not bring is built in.

package import JSON
import Resources

/// The texts that can be templated. The raw value is the member's name in a channel's `templates`.
enum TemplatePart: String, Sendable, Hashable, CaseIterable {
    case title
    case text
    case html
    case markdown
    case digestTitle = "digest_title"
    case digestText = "digest_text"
    case digestHTML = "digest_html"
    case digestMarkdown = "digest_markdown"

    var style: TemplateStyle {
        switch self {
        case .title, .digestTitle: .title
        case .text, .digestText: .text
        case .html, .digestHTML: .html
        case .markdown, .digestMarkdown: .markdown
        }
    }

    /// Bytes of the template.
    var limit: Int {
        switch style {
        case .title: TemplateLimits.titleBytes
        case .html: TemplateLimits.htmlBytes
        default: TemplateLimits.textBytes
        }
    }
}

/// A channel's own templates, as texts.
package struct ChannelTemplates: Sendable, Hashable {
    var texts: [TemplatePart: String]

    package init() {
        texts = [:]
    }

    /// Takes what the store holds; members that are unknown or no text are left out.
    package init(_ object: JSONObject) {
        texts = [:]
        for part in TemplatePart.allCases {
            if let text = object[part.rawValue]?.string, !text.isEmpty { texts[part] = text }
        }
    }

    /// The compiled template of a part; nil when the built-in one is to be used.
    func compiled(_ part: TemplatePart) throws(TemplateFault) -> MessageTemplate? {
        guard let text = texts[part] else { return nil }
        return try MessageTemplate(text, style: part.style, limit: part.limit)
    }

    /// The object for the store: only texts, only known members, each of which compiles.
    ///
    /// - Throws: `ResourceError.invalid`, each fault with its member: `templates.title`.
    static func settled(_ given: JSONObject, field: String = "templates") throws -> JSONObject {
        var errors: [FieldError] = []
        var result = JSONObject()
        for (name, value) in given {
            guard let part = TemplatePart(rawValue: name) else {
                let known = TemplatePart.allCases.map(\.rawValue).joined(separator: ", ")
                errors.append(FieldError("\(field).\(name)", "is not one of \(known)"))
                continue
            }
            if value.isNull { continue }
            guard let text = value.string else {
                errors.append(FieldError("\(field).\(name)", "must be a text"))
                continue
            }
            if text.isEmpty { continue }
            do throws(TemplateFault) {
                _ = try MessageTemplate(text, style: part.style, limit: part.limit)
                result[name] = value
            } catch {
                errors.append(FieldError("\(field).\(name)", error.message))
            }
        }
        guard errors.isEmpty else { throw ResourceError.invalid(errors) }
        return result
    }

    /// The JSON Schema of the object.
    static var schema: JSONObject {
        var properties = JSONObject()
        for part in TemplatePart.allCases {
            properties[part.rawValue] = ["type": "string", "maxLength": .integer(part.limit)]
        }
        return [
            "type": "object", "additionalProperties": false, "properties": .object(properties),
            "description": "Mustache; what is missing is built in. Values are escaped for their place.",
        ]
    }
}
