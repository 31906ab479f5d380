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

    /// Whether `url` begins with `http://` or `https://` and names a host, and nowhere has a NUL, at which libcurl would
    /// take it to end. Asked for every request: reads each byte once.
    static func isPresent(in url: String) -> Bool {
        let bytes = url.utf8.span
        var start = 0
        // The bit by which capitals differ makes a letter of no other byte of a scheme.
        for letter: UInt8 in [0x68, 0x74, 0x74, 0x70] {
            guard start < bytes.count, bytes[start] | 0x20 == letter else { return false }
            start += 1
        }
        if start < bytes.count, bytes[start] | 0x20 == 0x73 { start += 1 }
        for byte: UInt8 in [0x3A, 0x2F, 0x2F] {
            guard start < bytes.count, bytes[start] == byte else { return false }
            start += 1
        }
        var end = start
        while end < bytes.count, !endsAuthority(bytes[end]) { end += 1 }
        guard end > start, bytes[end - 1] != 0x40 else { return false }
        for index in bytes.indices where bytes[index] == 0 { return false }
        return true
    }

    /// The scheme, and host with port; nil when one is missing.
    private static func parts(of url: String) -> (scheme: Substring.UTF8View, host: Substring.UTF8View)? {
        let bytes = url.utf8
        guard let colon = bytes.firstIndex(of: 0x3A), bytes[colon...].starts(with: "://".utf8) else { return nil }
        let start = bytes.index(colon, offsetBy: 3)
        let end = bytes[start...].firstIndex(where: endsAuthority) ?? bytes.endIndex
        let authority = bytes[start..<end]
        let host = authority.lastIndex(of: 0x40).map { authority[bytes.index(after: $0)...] } ?? authority
        return host.isEmpty ? nil : (bytes[..<colon], host)
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == 0x2F || byte == 0x3F || byte == 0x23 || byte == 0x5C
    }

    /// Printable and not a space: nothing that could break a log line.
    private static func isPlain(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F || byte >= 0x80 }
}
