// Finds out in which member reading failed, from the tape as far as it was written.

enum FaultPath {
    /// Longer keys are cut in a path, which goes into messages and logs.
    private static let longestKey = 64

    /// The path to the value that was being read, or to the innermost open container.
    static func path(_ tape: [TapeEntry], open: Int, in input: Span<UInt8>, ofContainer: Bool) -> String {
        var chain: [Int] = []
        var container = open
        while container > 0 {
            chain.append(container - 1)
            container = Int(tape[container - 1].next)
        }
        chain.reverse()
        var path = ""
        for (level, index) in chain.enumerated() {
            let isInnermost = level == chain.count - 1
            if isInnermost && ofContainer { break }
            let target = isInnermost ? tape.count : chain[level + 1]
            append(child: target, of: index, tape, input, to: &path)
        }
        return path
    }

    private static func append(
        child target: Int,
        of container: Int,
        _ tape: [TapeEntry],
        _ input: Span<UInt8>,
        to path: inout String
    ) {
        var index = container + 1
        if tape[container].kind == .array {
            var position = 0
            while index < target {
                index = Int(tape[index].next)
                position += 1
            }
            path += "[\(position)]"
            return
        }
        while index + 1 < target { index = Int(tape[index + 1].next) }
        // No key yet: the fault lies in the name itself.
        guard index < tape.count else { return }
        let key = Unescaping.decode(input, tape[index].content)
        if key.utf8.allSatisfy(isNameByte), !key.isEmpty, key.utf8.count <= longestKey {
            path += path.isEmpty ? key : ".\(key)"
        } else {
            let short =
                key.unicodeScalars.count > longestKey
                ? key.unicodeScalars.prefix(longestKey) + "…".unicodeScalars : key.unicodeScalars[...]
            let quoted = JSONText(escaping: String(String.UnicodeScalarView(short)))
            path += "[\"" + String(decoding: quoted.bytes, as: UTF8.self) + "\"]"
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "$"):
            true
        default: byte >= 0x80
        }
    }
}
