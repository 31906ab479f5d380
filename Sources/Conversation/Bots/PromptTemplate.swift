// Prompts with a few variables in double braces.

/// A prompt's text with `{{name}}` places, checked when it is loaded.
package struct PromptTemplate: Sendable, Hashable {
    /// What a prompt may refer to.
    package enum Variable: String, CaseIterable, Sendable {
        /// Today, `2026-11-21`.
        case date
        /// Now, ISO 8601 in UTC.
        case time
        /// The zone that times are in.
        case timeZone = "time_zone"
        /// The user's name.
        case caller
        case bot
        case botTitle = "bot_title"
        /// The names of the granted tools, comma-separated.
        case tools
    }

    private enum Piece: Sendable, Hashable {
        case text(String)
        case variable(Variable)
    }

    private let pieces: [Piece]
    /// The text as it was written.
    package let source: String

    /// - Throws: `PromptFault` with the line of an unknown variable or of braces that do not close.
    package init(_ source: String) throws(PromptFault) {
        self.source = source
        var pieces: [Piece] = []
        var rest = source[...]
        while let open = rest.firstRange(of: "{{") {
            pieces.append(.text(String(rest[..<open.lowerBound])))
            let line = 1 + source[..<open.lowerBound].count { $0.isNewline }
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
                throw PromptFault(line: line, reason: "`{{` is not closed")
            }
            let name = rest[open.upperBound..<close.lowerBound].trimmingSpaces
            guard let variable = Variable(rawValue: name) else {
                let known = Variable.allCases.map(\.rawValue).joined(separator: ", ")
                throw PromptFault(line: line, reason: "`{{\(name)}}` is not known; known are \(known)")
            }
            pieces.append(.variable(variable))
            rest = rest[close.upperBound...]
        }
        pieces.append(.text(String(rest)))
        self.pieces = pieces
    }

    /// The text with every variable's value in place. Values are put in once: braces in a value stay as they are.
    package func render(_ values: [Variable: String]) -> String {
        var text = ""
        for piece in pieces {
            switch piece {
            case .text(let part): text += part
            case .variable(let variable): text += values[variable] ?? ""
            }
        }
        return text
    }
}

/// What is wrong with a prompt file.
package struct PromptFault: Error, Sendable, Hashable {
    package let line: Int
    package let reason: String
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        var part = self
        while part.first == " " { part.removeFirst() }
        while part.last == " " { part.removeLast() }
        return String(part)
    }
}
