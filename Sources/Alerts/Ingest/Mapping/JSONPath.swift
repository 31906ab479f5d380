// A small part of JSONPath: enough to say where a sender keeps a value.

package import JSON

/// `$`, `.name`, `['name']`, `["name"]`, `[n]` and `[*]` of RFC 9535. No filters, no slices, no descent: a path costs
/// no more than a walk along it.
package struct JSONPath: Sendable, Hashable {
    package enum Step: Sendable, Hashable {
        case member(String)
        case element(Int)
        case all
    }

    package let steps: [Step]

    /// Bounds of what can be saved.
    package static let maximumLength = 500
    package static let maximumSteps = 20
    /// Values that one look-up visits at the most; what lies beyond is not found.
    static let maximumVisits = 20_000

    /// - Throws: what is wrong with the path, and at which character.
    package init(parsing text: String) throws(JSONPathFault) {
        var reader = JSONPathReader(text)
        steps = try reader.read()
    }

    /// The values at the path, in order, `limit` at the most.
    package func values(in view: JSONView, limit: Int, visits: Int = maximumVisits) -> [JSONView] {
        var found: [JSONView] = []
        var left = visits
        collect(view, steps[...], limit, &left, &found)
        return found
    }

    /// The first value at the path.
    package func first(in view: JSONView) -> JSONView? { values(in: view, limit: 1).first }

    private func collect(
        _ view: JSONView,
        _ steps: ArraySlice<Step>,
        _ limit: Int,
        _ visits: inout Int,
        _ found: inout [JSONView]
    ) {
        visits -= 1
        guard visits > 0, found.count < limit else { return }
        guard let step = steps.first else {
            found.append(view)
            return
        }
        switch step {
        case .member(let name):
            if let next = view[name] { collect(next, steps.dropFirst(), limit, &visits, &found) }
        case .element(let position):
            if let next = view[position] { collect(next, steps.dropFirst(), limit, &visits, &found) }
        case .all:
            for next in view.elements {
                collect(next, steps.dropFirst(), limit, &visits, &found)
                if visits <= 0 || found.count >= limit { return }
            }
            for next in view.members {
                collect(next.value, steps.dropFirst(), limit, &visits, &found)
                if visits <= 0 || found.count >= limit { return }
            }
        }
    }
}

/// Why a text is no path; reads on from the field's name.
package struct JSONPathFault: Error, Sendable, Hashable {
    package var message: String

    package init(_ message: String) {
        self.message = message
    }
}

/// A cursor over the text of a path.
private struct JSONPathReader {
    private let text: [Character]
    private var position = 0

    init(_ text: String) {
        self.text = text.utf8.count <= JSONPath.maximumLength ? Array(text) : []
    }

    mutating func read() throws(JSONPathFault) -> [JSONPath.Step] {
        guard !text.isEmpty else {
            throw JSONPathFault("must be a path of 1 to \(JSONPath.maximumLength) bytes, such as $.name")
        }
        guard text[0] == "$" else { throw fault("a path begins with $ (a constant with =)") }
        position = 1
        var steps: [JSONPath.Step] = []
        while position < text.count {
            guard steps.count < JSONPath.maximumSteps else {
                throw JSONPathFault("must not have more than \(JSONPath.maximumSteps) steps")
            }
            switch text[position] {
            case ".": steps.append(try name())
            case "[": steps.append(try bracket())
            default: throw fault("expected . or [")
            }
        }
        return steps
    }

    private mutating func name() throws(JSONPathFault) -> JSONPath.Step {
        position += 1
        let start = position
        while position < text.count, text[position] != ".", text[position] != "[" {
            let character = text[position]
            guard character.isLetter || character.isNumber || "_-@".contains(character) else {
                throw fault("a name with \(String(character).debugDescription) must stand in brackets: ['…']")
            }
            position += 1
        }
        guard position > start else { throw fault("expected a name (.. is not understood here)") }
        return .member(String(text[start..<position]))
    }

    private mutating func bracket() throws(JSONPathFault) -> JSONPath.Step {
        position += 1
        guard position < text.count else { throw fault("the bracket is not closed") }
        let step: JSONPath.Step
        switch text[position] {
        case "*":
            position += 1
            step = .all
        case "'", "\"":
            step = .member(try quoted(text[position]))
        default:
            let start = position
            while position < text.count, let digit = text[position].wholeNumberValue, text[position].isASCII, digit < 10
            {
                position += 1
            }
            guard position > start, position - start <= 6, let number = Int(String(text[start..<position])) else {
                throw fault("expected a number, * or a name in quotes")
            }
            step = .element(number)
        }
        guard position < text.count, text[position] == "]" else { throw fault("expected ]") }
        position += 1
        return step
    }

    private mutating func quoted(_ quote: Character) throws(JSONPathFault) -> String {
        position += 1
        var name = ""
        while position < text.count {
            let character = text[position]
            position += 1
            if character == quote { return name }
            if character == "\\" {
                guard position < text.count else { break }
                name.append(text[position])
                position += 1
            } else {
                name.append(character)
            }
        }
        throw fault("the quote is not closed")
    }

    private func fault(_ message: String) -> JSONPathFault {
        JSONPathFault("\(message) at character \(position + 1)")
    }
}
