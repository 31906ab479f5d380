// W3C `tracestate`: what others along a trace have to say to each other (https://www.w3.org/TR/trace-context/, 3.3).

/// Passed on as it came, or not at all: nothing here reads or adds to it.
enum TraceState {
    /// Characters of the whole and members of it, which everybody has to bear.
    private static let longest = 512
    private static let mostMembers = 32
    private static let longestPart = 256

    /// The header's value where it is one, else nil. A fault in a part of it is a fault of the whole.
    static func checked(_ header: String) -> String? {
        guard !header.isEmpty, header.utf8.count <= longest else { return nil }
        var keys: Set<Substring> = []
        for part in header.split(separator: ",") {
            let member = part.trimming { $0 == " " || $0 == "\t" }
            if member.isEmpty { continue }
            guard let mark = member.firstIndex(of: "="), isKey(member[..<mark]),
                isValue(member[member.index(after: mark)...]), keys.insert(member[..<mark]).inserted
            else { return nil }
        }
        return (1...mostMembers).contains(keys.count) ? header : nil
    }

    private static func isKey(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= longestPart else { return false }
        return isSmallOrDigit(first)
            && text.utf8.allSatisfy { isSmallOrDigit($0) || [0x5F, 0x2D, 0x2A, 0x2F, 0x40].contains($0) }
    }

    private static func isValue(_ text: Substring) -> Bool {
        (1...longestPart).contains(text.utf8.count) && text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x3D }
    }

    private static func isSmallOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}

extension Substring {
    fileprivate func trimming(_ isBlank: (Character) -> Bool) -> Substring {
        var text = drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
