// What every chunk and answer of one request has in common.

/// Id, time and model of one answer: the same on each of its chunks (`gateways.md` (e)).
package struct AnswerIdentity: Sendable {
    /// `chatcmpl-` and 24 letters or digits.
    package let id: String
    /// Unix seconds.
    package let created: Int64
    /// The model as the client named it.
    package let model: String

    package init(id: String = AnswerIdentity.makeID(prefix: "chatcmpl-"), created: Int64, model: String) {
        self.id = id
        self.created = created
        self.model = model
    }

    /// A fresh id of 24 letters or digits after `prefix`; unique, not secret.
    package static func makeID(prefix: String) -> String {
        // Two draws give 128 bits; each symbol takes five of them.
        let (first, second) = (UniqueNumber.next(), UniqueNumber.next())
        return String(unsafeUninitializedCapacity: prefix.utf8.count + 24) { text in
            let (_, start) = text.initialize(from: prefix.utf8)
            for index in 0..<12 {
                text[start + index] = symbol(first >> (5 * index))
                text[start + 12 + index] = symbol(second >> (5 * index))
            }
            return start + 24
        }
    }

    /// One of `a`–`z` and `2`–`7`, by the last five bits.
    private static func symbol(_ bits: UInt64) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: bits & 31)
        return value < 26 ? UInt8(ascii: "a") + value : UInt8(ascii: "2") + (value - 26)
    }
}
