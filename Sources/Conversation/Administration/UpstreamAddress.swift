// Which addresses of upstreams may be entered over HTTP.

import HTTPTransport

/// Judges the base URL of a stored provider.
///
/// Who may set up providers may make the gateway call any host: that is what they are for, private and loopback ones
/// among them (a model server next door). What has no model on it but gives credentials to whoever asks from inside,
/// the link-local addresses of clouds' metadata services, is refused in all its spellings. A name that leads there is
/// not found out here, where it may lead elsewhere; it is when a call is sent (`TransferRequest.refusesLinkLocal`).
enum UpstreamAddress {
    /// What is wrong, reading on from the member's name; nil when it can be used.
    static func problem(_ url: String) -> String? {
        guard url.utf8.count <= 2_000, url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return "must be a URL of at most 2000 printable ASCII characters" }
        let lower = url.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else {
            return "must begin with http:// or https://"
        }
        let rest = lower.dropFirst(scheme.count)
        if rest.contains("#") || rest.contains("?") { return "must have neither a query nor a fragment" }
        let authority = rest.prefix { $0 != "/" }
        if authority.contains("@") { return "must not contain credentials; keys belong into api_keys" }
        guard let host = host(of: authority) else { return "must name a host, and a port from 1 to 65535 if any" }
        if isMetadata(host) {
            return
                "must not be a link-local address (169.254.0.0/16, fe80::/10): metadata services of clouds live there"
        }
        return nil
    }

    /// The host without brackets, port and the dot of the root; nil when there is none.
    private static func host(of authority: Substring) -> String? {
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            port = after.isEmpty ? nil : after.dropFirst()
            guard host.contains(":"), host.utf8.allSatisfy(isAddressByte) else { return nil }
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                port = authority[authority.index(after: colon)...]
            }
            // No percent signs: the transport would decode them, and the host be another one than was judged.
            guard host.utf8.allSatisfy(isNameByte) else { return nil }
        }
        if let port {
            guard let number = Int(port), (1...65_535).contains(number), port.utf8.allSatisfy(isDigit) else {
                return nil
            }
        }
        while host.hasSuffix(".") { host.removeLast() }
        return host.isEmpty || host.utf8.count > 253 ? nil : String(host)
    }

    private static func isMetadata(_ host: String) -> Bool {
        if ["metadata", "metadata.google.internal"].contains(host) { return true }
        // In every spelling that the resolver takes, inside of IPv6 addresses, too.
        return LinkLocal.isLiteral(host)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte) || byte == 0x3A || byte == 0x2E
    }
}
