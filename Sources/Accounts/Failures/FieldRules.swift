// What names and descriptions must be.

import Identity

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

    /// A mail address, or nothing.
    static func email(_ text: String) throws(AccountFailure) -> String {
        let address = try self.text(text, field: "email", characters: 0...254)
        if !address.isEmpty, let problem = MailAddressRule.problem(address) {
            throw .invalid(field: "email", message: problem)
        }
        return address
    }

    /// An id of WeCom's directory, or nothing. Source: WeCom's document 90195: 1 to 64 bytes of letters, digits and
    /// `_ - @ .`, the first a letter or a digit.
    static func wecomID(_ text: String) throws(AccountFailure) -> String {
        let id = try self.text(text, field: "wecom_id", characters: 0...64)
        let bytes = id.utf8
        let isLetterOrDigit = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard bytes.allSatisfy({ isLetterOrDigit($0) || "_-@.".utf8.contains($0) }),
            bytes.first.map(isLetterOrDigit) ?? true
        else {
            throw .invalid(field: "wecom_id", message: "may hold letters, digits and _ - @ . only")
        }
        return id
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
