// JSON as templates see it: every value escaped for its place and paid for, so that no template can run away.

import JSON
import Mustache

/// What one rendering may still spend. One rendering is one thread's.
final class RenderBudget {
    private var steps = TemplateLimits.steps
    private var valueBytes = TemplateLimits.valueBytes
    private var repeatedBytes = TemplateLimits.repeatedBytes
    /// Bytes of the template: no round of a list repeats more.
    private let templateBytes: Int
    /// Something was left out.
    private(set) var isExceeded = false

    init(templateBytes: Int) {
        self.templateBytes = templateBytes
    }

    /// The value, or nothing when there is nothing left to spend.
    func pay(for value: String) -> String {
        steps -= 1
        valueBytes -= value.utf8.count
        if steps < 0 || valueBytes < 0 { isExceeded = true }
        return isExceeded ? "" : value
    }

    /// Whether a list may go another round.
    func payForRound() -> Bool {
        steps -= 1
        repeatedBytes -= templateBytes
        if steps < 0 || repeatedBytes < 0 { isExceeded = true }
        return !isExceeded
    }
}

/// What all values of one rendering share.
struct RenderScope {
    let style: TemplateStyle
    let budget: RenderBudget

    /// A value in the form that templates take; null and what is not there are empty texts.
    func value(_ value: JSONValue?) -> Any {
        switch value {
        case .none, .null: TemplateText(text: "", scope: self)
        case .bool(let flag): flag
        case .number(let number): TemplateText(text: number.text, scope: self)
        case .string(let text): TemplateText(text: text, scope: self)
        case .array(let elements): TemplateList(elements: elements, scope: self)
        case .object(let object): TemplateObject(object: object, scope: self)
        }
    }
}

/// A text. An empty one counts as missing: `{{#link}}…{{/link}}` is left out.
struct TemplateText: MustacheCustomRenderable, MustacheTransformable, MustacheParent {
    let text: String
    let scope: RenderScope

    var renderText: String { scope.budget.pay(for: scope.style.escaped(text)) }
    var isNull: Bool { text.isEmpty }

    /// `{{uppercased(level)}}` and its kin.
    func transform(_ name: String) -> Any? {
        switch name {
        case "uppercased": TemplateText(text: text.uppercased(), scope: scope)
        case "lowercased": TemplateText(text: text.lowercased(), scope: scope)
        case "empty": text.isEmpty
        default: nil
        }
    }

    func child(named: String) -> Any? { nil }
}

/// An object. Written as a whole it is `name=value, …`.
struct TemplateObject: MustacheCustomRenderable, MustacheParent {
    let object: JSONObject
    let scope: RenderScope

    var renderText: String {
        let pairs = object.prefix(100).map { "\($0.key)=\($0.value.string ?? $0.value.text)" }
        return scope.budget.pay(for: scope.style.escaped(pairs.joined(separator: ", ")))
    }
    var isNull: Bool { object.isEmpty }

    /// Nil for what is not there, so that a name inside a list is then looked for around it.
    func child(named name: String) -> Any? { object[name].map { scope.value($0) } }
}

/// A list. Written as a whole it is its elements with commas between them.
struct TemplateList: MustacheSequence, MustacheCustomRenderable, MustacheTransformable, MustacheParent {
    let elements: [JSONValue]
    let scope: RenderScope

    var renderText: String {
        let texts = elements.prefix(100).map { $0.string ?? $0.text }
        let more = elements.count > 100 ? ", …" : ""
        return scope.budget.pay(for: scope.style.escaped(texts.joined(separator: ", ") + more))
    }
    var isNull: Bool { elements.isEmpty }

    func makeIterator() -> AnyIterator<Any> {
        var position = 0
        return AnyIterator {
            guard position < elements.count, scope.budget.payForRound() else { return nil }
            defer { position += 1 }
            return scope.value(elements[position])
        }
    }

    func transform(_ name: String) -> Any? {
        switch name {
        case "count": TemplateText(text: String(elements.count), scope: scope)
        case "empty": elements.isEmpty
        case "first": elements.first.map { scope.value($0) }
        case "last": elements.last.map { scope.value($0) }
        case "reversed": TemplateList(elements: elements.reversed(), scope: scope)
        default: nil
        }
    }

    func child(named: String) -> Any? { nil }
}
