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
        var bytes = Array(prefix.utf8)
        bytes.reserveCapacity(prefix.utf8.count + 24)
        // Two draws give 128 bits; each symbol takes five of them.
        var pools = (UniqueNumber.next(), UniqueNumber.next())
        for index in 0..<24 {
            let symbol = alphabet[Int(index < 12 ? pools.0 & 31 : pools.1 & 31)]
            if index < 12 { pools.0 >>= 5 } else { pools.1 >>= 5 }
            bytes.append(symbol)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
}
