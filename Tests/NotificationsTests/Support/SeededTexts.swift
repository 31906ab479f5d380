// Random texts that can be made again from their seed, with everything that has broken mails before.

/// Texts of letters from many scripts, line ends, controls and pieces of mail syntax.
struct SeededTexts {
    private var random: Generator

    init(seed: UInt64) {
        random = Generator(state: seed)
    }

    /// Up to so many pieces.
    mutating func text(_ limit: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...limit, using: &random) {
            switch Int.random(in: 0..<12, using: &random) {
            case 0: scalars += (Self.pieces.randomElement(using: &random) ?? "").unicodeScalars
            case 1: append(0...0x1F, to: &scalars)
            case 2: append(0x7F...0x24F, to: &scalars)
            case 3: append(0x300...0x2FFF, to: &scalars)
            case 4: append(0x4E00...0x9FFF, to: &scalars)
            case 5: append(0x1F300...0x1FAFF, to: &scalars)
            case 6: append(0...0x10FFFF, to: &scalars)
            case 7: scalars.append(" ")
            default: append(0x20...0x7E, to: &scalars)
            }
        }
        return String(scalars)
    }

    private mutating func append(_ range: ClosedRange<UInt32>, to scalars: inout String.UnicodeScalarView) {
        // Surrogates are no scalars.
        if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { scalars.append(scalar) }
    }

    private static let pieces = [
        "\r\n", "\n", "\r", "\r\n\r\n", "\r\n.\r\n", "=?UTF-8?B?", "?=", "=?", "Bcc: a@b", "\"", "\\", "<a@b>", ", ",
        "👨‍👩‍👧‍👦",
        "--=_opsgate_alternative", "\u{2028}", "\u{85}", "\u{FEFF}", "  ", "(", ")", ":", ";",
    ]

    /// What becomes of a text in a header: controls and separators are spaces, of which none are doubled.
    static func oneLine(_ text: String) -> String {
        let spaced = text.unicodeScalars.map { scalar -> Character in
            switch scalar.value {
            case 0...0x20, 0x7F...0x9F, 0x2028, 0x2029: " "
            default: Character(scalar)
            }
        }
        return spaced.split(separator: " ").map { String($0) }.joined(separator: " ")
    }

    /// What becomes of a text in a body: CRLF at every line's end, no NUL.
    static func canonical(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var isAfterReturn = false
        for scalar in text.unicodeScalars where scalar.value != 0 {
            if scalar == "\r" || scalar == "\n", !(scalar == "\n" && isAfterReturn) {
                result.append("\r")
                result.append("\n")
            } else if scalar != "\n" {
                result.append(scalar)
            }
            isAfterReturn = scalar == "\r"
        }
        return String(result)
    }

    /// SplitMix64.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }
}
