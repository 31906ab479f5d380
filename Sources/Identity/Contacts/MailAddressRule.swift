// What a mail address must look like, wherever one is entered.

/// Rules for mail addresses: the plain form of RFC 5321 (section 4.1.2), without quoted local parts and address
/// literals, which no mail program of today gives people, and in ASCII: few servers take more (RFC 6531).
package enum MailAddressRule {
    /// What is wrong with it, reading on from the field's name; nil when nothing is.
    package static func problem(_ text: String) -> String? {
        guard text.utf8.count <= 254 else { return "must have at most 254 bytes" }
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return "must be a mail address such as ann@example.com" }
        let (local, domain) = (parts[0], parts[1])
        guard (1...64).contains(local.utf8.count), !local.hasPrefix("."), !local.hasSuffix("."), !local.contains(".."),
            local.unicodeScalars.allSatisfy(isLocal)
        else { return "must be a mail address such as ann@example.com" }
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        let hasDomain = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.unicodeScalars.allSatisfy(isDomain)
        }
        return hasDomain ? nil : "must have a domain such as example.com after the @"
    }

    private static func isDomain(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "-" || isLetterOrDigit(scalar)
    }

    private static func isLocal(_ scalar: Unicode.Scalar) -> Bool {
        isLetterOrDigit(scalar) || "!#$%&'*+-/=?^_`{|}~.".unicodeScalars.contains(scalar)
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
