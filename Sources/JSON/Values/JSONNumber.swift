// A number as it was written.

/// A JSON number. Its text is kept as it came, so nothing is lost on the way through: `1.10`, `1e400`, 30 digits.
///
/// Equality is by value, exactly: `1`, `1.0` and `10e-1` are equal; `9007199254740993` and `9007199254740992` are not.
package struct JSONNumber: Sendable, Hashable {
    /// A number by the grammar of RFC 8259.
    package private(set) var text: String

    package init(_ value: Int) { text = String(value) }

    package init(_ value: Int64) { text = String(value) }

    /// The shortest text that reads back as this value. What is not finite becomes the text `null`, as in JavaScript:
    /// JSON has no such numbers.
    package init(_ value: Double) { text = value.isFinite ? value.description : "null" }

    /// Takes a text if it is a number of JSON.
    package init?(text: String) {
        let span = text.utf8.span
        guard span.count > 0, span[0] == UInt8(ascii: "-") || NumberScanner.isDigit(span[0]),
            let end = try? NumberScanner.scan(span, from: 0), end == span.count
        else { return nil }
        self.text = text
    }

    init(verbatim text: String) { self.text = text }

    /// The value if it has no fractional part (`5`, also `5.0` and `5e0`) and fits.
    package var int: Int64? { text == "null" ? nil : NumberReading.int(text.utf8.span) }

    /// The nearest double; infinite when it is beyond all doubles.
    package var double: Double { text == "null" ? .nan : NumberReading.double(text.utf8.span) }

    package static func == (left: JSONNumber, right: JSONNumber) -> Bool {
        left.text == right.text || DecimalForm(left.text.utf8.span) == DecimalForm(right.text.utf8.span)
    }

    package func hash(into hasher: inout Hasher) {
        DecimalForm(text.utf8.span).hash(into: &hasher)
    }
}
