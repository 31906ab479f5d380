// A regular expression of a rule, by RE2: linear in the text, whatever people write.

import CRE2

/// A compiled pattern. It is looked for anywhere in a text, as Python's `re.search` does.
///
/// The time of a match is at most proportional to the pattern's program times the text, so both are bounded: a pattern
/// that becomes a large program is refused, and of a text only the first `searched` bytes are looked at.
///
/// Unchecked, and safe: RE2 objects do not change after they are made and match from several threads at once (re2.h).
package final class RulePattern: @unchecked Sendable {
    /// Bytes of a pattern.
    package static let maximumLength = 1_000
    /// Instructions of the compiled pattern.
    static let maximumSize: Int32 = 2_000
    /// Bytes of a text that are searched; what lies behind them is not seen. The end of a longer text is not reached, so
    /// a pattern with `$` does not occur in it.
    package static let searched = 4_096

    private let pattern: OpaquePointer

    /// - Throws: what is wrong with the pattern, in RE2's words; the field is empty.
    package init(_ text: String) throws(RuleFault) {
        guard text.utf8.count <= Self.maximumLength else {
            throw RuleFault("", "must not be longer than \(Self.maximumLength) bytes")
        }
        var message = [CChar](repeating: 0, count: 300)
        let bytes = text.utf8.map { CChar(bitPattern: $0) }
        guard let made = cre2_compile(bytes, bytes.count, &message, message.count) else {
            let end = message.firstIndex(of: 0) ?? message.count
            let reason = String(decoding: message[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw RuleFault("", "is no regular expression (RE2): \(reason.harmless(limit: 300))")
        }
        pattern = made
        let size = cre2_size(made)
        // What was made is freed by `deinit`, since all is initialised by now.
        guard size <= Self.maximumSize else {
            throw RuleFault("", "is too complex: \(size) steps, at most \(Self.maximumSize); repeat less")
        }
    }

    deinit { cre2_free(pattern) }

    /// Whether the pattern occurs in the text.
    package func matches(_ text: String) -> Bool {
        text.utf8.span.withUnsafeBytes { bytes in
            var end = min(bytes.count, Self.searched)
            if end < bytes.count {
                while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
            }
            let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return cre2_matches(pattern, text, bytes.count, end)
        }
    }
}
