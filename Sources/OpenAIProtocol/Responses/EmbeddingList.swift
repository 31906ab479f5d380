// The answer to a request for embeddings.

import JSON

/// `{"object":"list","data":[{"object":"embedding","index","embedding"}],"model","usage"}`.
package struct EmbeddingList: Sendable {
    /// One for each input, in order.
    package var vectors: [[Float]]
    /// The model as the client named it.
    package var model: String
    package var usage: Usage

    package init(vectors: [[Float]], model: String, usage: Usage) {
        self.vectors = vectors
        self.model = model
        self.usage = usage
    }

    package func body(_ encoding: EmbeddingRequest.Encoding) -> [UInt8] {
        let numbers = vectors.reduce(0) { $0 + $1.count }
        var writer = JSONWriter(capacity: 200 + numbers * (encoding == .base64 ? 6 : 13))
        writer.beginObject()
        writer.key("object")
        writer.string("list")
        writer.key("data")
        writer.beginArray()
        for (index, vector) in vectors.enumerated() {
            writer.beginObject()
            writer.key("object")
            writer.string("embedding")
            writer.key("index")
            writer.int(index)
            writer.key("embedding")
            switch encoding {
            case .float: writer.raw(Self.numbers(vector))
            case .base64: writer.raw([0x22] + Base64.encode(Self.bytes(vector)) + [0x22])
            }
            writer.endObject()
        }
        writer.endArray()
        writer.key("model")
        writer.string(model)
        writer.key("usage")
        writer.beginObject()
        writer.key("prompt_tokens")
        writer.int(usage.promptTokens)
        writer.key("total_tokens")
        writer.int(usage.promptTokens)
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    /// The shortest decimals that are the same floats again.
    private static func numbers(_ vector: [Float]) -> [UInt8] {
        var bytes: [UInt8] = [0x5B]
        for (index, value) in vector.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            bytes.append(contentsOf: value.description.utf8)
        }
        bytes.append(0x5D)
        return bytes
    }

    private static func bytes(_ vector: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for value in vector {
            let bits = value.bitPattern
            for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        }
        return bytes
    }
}

/// Base64 with padding (RFC 4648 section 4).
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let rest = min(3, bytes.count - index)
            var group = UInt32(bytes[index]) << 16
            if rest > 1 { group |= UInt32(bytes[index + 1]) << 8 }
            if rest > 2 { group |= UInt32(bytes[index + 2]) }
            for place in 0..<4 {
                out.append(place > rest ? 0x3D : alphabet[Int(group >> UInt32(18 - 6 * place) & 63)])
            }
            index += 3
        }
        return out
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
