// The part of a URL that may be shown.

/// Scheme, host and port of a URL: what messages may say, and what decides which loop a request goes to. User
/// information, path, query and fragment are left out. Reads only; whether the URL is valid is for libcurl to say.
enum Origin {
    /// `https://host:port`, or a phrase when there is no such thing in `url`.
    static func of(_ url: String) -> String {
        guard let (scheme, host) = parts(of: url) else { return "an address without a host" }
        guard scheme.count <= 16, host.count <= 300, scheme.allSatisfy(isPlain), host.allSatisfy(isPlain) else {
            return "an address that cannot be shown"
        }
        return String(decoding: scheme, as: UTF8.self) + "://" + String(decoding: host, as: UTF8.self)
    }

    /// Whether `url` begins with `http://` or `https://` and names a host.
    static func isPresent(in url: String) -> Bool {
        guard let (scheme, _) = parts(of: url) else { return false }
        return schemes.contains { name in
            scheme.count == name.count && zip(scheme, name).allSatisfy { $0 | 0x20 == $1 }
        }
    }

    /// Letters in lower case; the bit by which capitals differ makes a letter of no other byte of a scheme.
    private static let schemes = [Array("http".utf8), Array("https".utf8)]

    /// The scheme, and host with port; nil when one is missing.
    private static func parts(of url: String) -> (scheme: Substring.UTF8View, host: Substring.UTF8View)? {
        let bytes = url.utf8
        guard let colon = bytes.firstIndex(of: 0x3A), bytes[colon...].starts(with: "://".utf8) else { return nil }
        let start = bytes.index(colon, offsetBy: 3)
        let end = bytes[start...].firstIndex { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 || $0 == 0x5C } ?? bytes.endIndex
        let authority = bytes[start..<end]
        let host = authority.lastIndex(of: 0x40).map { authority[bytes.index(after: $0)...] } ?? authority
        return host.isEmpty ? nil : (bytes[..<colon], host)
    }

    /// Printable and not a space: nothing that could break a log line.
    private static func isPlain(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F || byte >= 0x80 }
}
