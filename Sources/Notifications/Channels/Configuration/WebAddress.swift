// URLs that people enter for channels: absolute, http or https, with a host, without credentials in front of it.

import Resources

/// A checked URL. Loopback and private hosts are allowed: this is a product for one's own premises.
struct WebAddress: Sendable, Hashable {
    /// As entered.
    let text: String
    /// `https://host:port/path`, without query.
    let withoutQuery: String
    /// Without brackets.
    let host: String
    /// What stands behind `?`; nil when there is none.
    let query: String?

    private static let longest = 2_000

    /// What is wrong reads on from the member's name.
    struct Fault: Error {
        var message: String
    }

    init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.longest else { throw Fault(message: "must have at most \(Self.longest) bytes") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw Fault(message: "must be a URL of printable ASCII characters")
        }
        guard let schemeEnd = text.firstRange(of: "://") else { throw Self.noURL }
        guard ["http", "https"].contains(text[..<schemeEnd.lowerBound].lowercased()) else { throw Self.noURL }
        let rest = text[schemeEnd.upperBound...]
        guard !rest.contains("#") else { throw Fault(message: "must not have a fragment (#…)") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw Fault(message: "must not contain credentials before the host")
        }
        host = try Self.host(authority)
        self.text = text
        if let mark = text.firstIndex(of: "?") {
            withoutQuery = String(text[..<mark])
            query = String(text[text.index(after: mark)...])
        } else {
            withoutQuery = text
            query = nil
        }
    }

    /// The URL for readers: what a query says is taken for a secret.
    var shown: String { query == nil ? text : withoutQuery + "?" + SealedMember.mask }

    private static let noURL = Fault(message: "must be an http or https URL such as https://example.com/hook")

    private static func host(_ authority: Substring) throws(Fault) -> String {
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw noURL }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw noURL }
            if !after.isEmpty { port = after.dropFirst() }
            guard host.utf8.contains(UInt8(ascii: ":")),
                host.utf8.allSatisfy({ isHexadecimal($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") })
            else { throw noURL }
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                port = authority[authority.index(after: colon)...]
            }
            guard HostName.isPlain(host) else { throw Fault(message: "must name a host") }
        }
        if let port {
            guard let number = Int(port), (1...65_535).contains(number), port.utf8.allSatisfy({ $0 != 0x2B }) else {
                throw Fault(message: "must have a port from 1 to 65535")
            }
        }
        return String(host)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}

/// Names of machines.
enum HostName {
    /// Letters, digits, `.`, `-` and `_`, at most 253: a name or an IPv4 address.
    static func isPlain(_ host: some StringProtocol) -> Bool {
        (1...253).contains(host.utf8.count)
            && host.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
                default: false
                }
            }
    }
}
