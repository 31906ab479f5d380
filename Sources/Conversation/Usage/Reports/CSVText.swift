// CSV as RFC 4180 has it, safe to open in a spreadsheet.

import JSON

enum CSVText {
    /// A line of texts, ended by CR and LF.
    static func line(_ fields: [String]) -> [UInt8] {
        Array((fields.map(quoted).joined(separator: ",") + "\r\n").utf8)
    }

    /// A line of an object's members in the order of `columns`.
    static func line(_ object: JSONObject, _ columns: [String]) -> [UInt8] {
        let fields = columns.map { name -> String in
            switch object[name] {
            case nil, .null: ""
            case .string(let text): quoted(harmless(text))
            case .array(let elements): quoted(harmless(elements.compactMap(\.string).joined(separator: " ")))
            case .some(let other): quoted(other.text)
            }
        }
        return Array((fields.joined(separator: ",") + "\r\n").utf8)
    }

    /// Quotes where the text holds what has a meaning in CSV.
    static func quoted(_ text: String) -> String {
        let needsQuotes = text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0D || $0 == 0x0A }
        return needsQuotes ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
    }

    /// A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection"). Model
    /// names come from callers: somebody else opens the file. Space before a formula does not stop every program.
    static func harmless(_ text: String) -> String {
        let visible = text.unicodeScalars.first { !$0.properties.isWhitespace }
        guard let visible, let first = text.unicodeScalars.first else { return text }
        let isFormula = "=+-@|%＝＋－＠".unicodeScalars.contains(visible)
        return isFormula || ["\t", "\r", "\n"].contains(first) ? "'" + text : text
    }
}
