// One mail address, checked before it is stored or written to.

/// A mailbox: an address of the plain form `local@domain` (RFC 5321 dot-string and domain), perhaps with a display name.
///
/// Refused, each with its reason: quoted local parts, comments, groups, lists, address literals and anything that is not
/// ASCII in the address. An internationalised domain is written in its `xn--` form; the display name may be in any script.
package struct MailAddress: Sendable, Hashable {
    /// Without quotes; nil or not empty.
    package let name: String?
    /// `local@domain` as written.
    package let address: String

    /// Stands where an address must stand and there is none (RFC 6761: a name that never exists).
    static let unknown = MailAddress(checked: "unknown@opsgate.invalid")

    private init(checked address: String) {
        name = nil
        self.address = address
    }

    /// Why a text is no address; fit for the person who wrote it.
    package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// Reads `local@domain`, `<local@domain>` or `Name <local@domain>`; the name may be in double quotes.
    package init(_ text: String) throws(Problem) {
        let isClean = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isClean else { throw Problem(description: "contains control characters") }
        let trimmed = Self.trimmed(text[...])
        guard trimmed.utf8.count <= 600 else { throw Problem(description: "is too long") }
        guard trimmed.last == ">", let open = trimmed.lastIndex(of: "<") else {
            name = nil
            address = try Self.checked(String(trimmed))
            return
        }
        address = try Self.checked(String(trimmed[trimmed.index(after: open)...].dropLast()))
        name = try Self.displayName(Self.trimmed(trimmed[..<open]))
    }

    /// Why a text is no address; nil when it is one.
    package static func problem(_ text: String) -> String? {
        do throws(Problem) {
            _ = try MailAddress(text)
            return nil
        } catch {
            return error.description
        }
    }

    // MARK: - The address

    /// Limits of RFC 5321, section 4.5.3.1, and of a path's 256 bytes less its brackets.
    private static func checked(_ address: String) throws(Problem) -> String {
        let bytes = Array(address.utf8)
        guard let at = bytes.lastIndex(of: 0x40) else { throw Problem(description: "has no @") }
        let local = bytes[..<at]
        let domain = bytes[(at + 1)...]
        guard bytes.count <= 254, local.count <= 64 else { throw Problem(description: "is too long") }
        guard domain.allSatisfy({ $0 < 0x80 }) else {
            throw Problem(description: "must have its domain in the xn-- form")
        }
        guard local.allSatisfy({ $0 < 0x80 }) else {
            throw Problem(description: "has characters outside ASCII before the @")
        }
        guard !local.contains(0x22) else { throw Problem(description: "has a quoted part, which is not supported") }
        guard !local.contains(0x2C), !local.contains(0x3B), !local.contains(0x40) else {
            throw Problem(description: "must be one address, not several")
        }
        let atoms = local.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard atoms.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isAtomByte) }) else {
            throw Problem(description: "is not valid before the @")
        }
        guard domain.first != 0x5B else { throw Problem(description: "must name a domain, not a network address") }
        let labels = domain.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard labels.allSatisfy(isLabel) else { throw Problem(description: "has no valid domain") }
        return address
    }

    /// `atext` of RFC 5322, section 3.2.3.
    static func isAtomByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        guard let first = label.first, let last = label.last, label.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last) && label.allSatisfy { isAlphanumeric($0) || $0 == 0x2D }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    // MARK: - The name

    private static func displayName(_ text: Substring) throws(Problem) -> String? {
        guard !text.isEmpty else { return nil }
        guard text.utf8.count <= 200 else { throw Problem(description: "has a name that is too long") }
        guard text.first == "\"" else {
            guard !text.contains(where: { "<>,;\"".contains($0) }) else {
                throw Problem(description: "must be one address; quote a name with special characters")
            }
            return String(text)
        }
        guard text.count >= 2, text.last == "\"" else { throw Problem(description: "has a name with an open quote") }
        var name = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if !isEscaped, character == "\\" {
                isEscaped = true
                continue
            }
            guard isEscaped || character != "\"" else { throw Problem(description: "has quotes inside its name") }
            name.append(character)
            isEscaped = false
        }
        guard !isEscaped else { throw Problem(description: "has a name with an open quote") }
        let trimmed = trimmed(name[...])
        return trimmed.isEmpty ? nil : String(trimmed)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
