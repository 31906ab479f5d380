// What names and descriptions must be.

/// Rules for short texts that people choose.
enum FieldRules {
    /// The text without blanks at its ends, if it has an acceptable length and no control characters.
    static func text(
        _ text: String,
        field: String,
        characters: ClosedRange<Int>,
        allowingLines: Bool = false
    ) throws(AccountFailure) -> String {
        let scalars = text.unicodeScalars
        let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        let start = scalars.firstIndex { !isBlank($0) } ?? scalars.endIndex
        let end = scalars.lastIndex { !isBlank($0) }.map(scalars.index(after:)) ?? start
        let trimmed = String(scalars[start..<end])
        if trimmed.isEmpty, characters.lowerBound > 0 {
            throw .invalid(field: field, message: "must not be empty")
        }
        guard trimmed.count >= characters.lowerBound else {
            throw .invalid(field: field, message: "must have at least \(characters.lowerBound) characters")
        }
        guard trimmed.count <= characters.upperBound, trimmed.utf8.count <= characters.upperBound * 8 else {
            throw .invalid(field: field, message: "must have at most \(characters.upperBound) characters")
        }
        for scalar in trimmed.unicodeScalars where scalar.properties.generalCategory == .control {
            if allowingLines, scalar == "\n" || scalar == "\r" || scalar == "\t" { continue }
            throw .invalid(field: field, message: "must not contain control characters")
        }
        return trimmed
    }

    /// A user name: letters and digits of any script, and `. _ - @ +`; not more, so that names cannot imitate one
    /// another with blanks and invisible characters.
    static func username(_ text: String) throws(AccountFailure) -> String {
        let name = try self.text(text, field: "username", characters: 1...150)
        for scalar in name.unicodeScalars {
            let isLetterOrDigit = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            guard isLetterOrDigit || "._-@+".unicodeScalars.contains(scalar) else {
                throw .invalid(field: "username", message: "may hold letters, digits and . _ - @ + only")
            }
        }
        return name
    }

    /// `page` from 1, `page_size` from 1 to 1000 (design, section 3), and the rows to skip.
    static func offset(page: Int, pageSize: Int) throws(AccountFailure) -> Int64 {
        guard (1...1000).contains(pageSize) else {
            throw .invalid(field: "page_size", message: "must be from 1 to 1000")
        }
        guard (1...1_000_000_000).contains(page) else {
            throw .invalid(field: "page", message: "must be 1 or more")
        }
        return Int64(page - 1) * Int64(pageSize)
    }
}
