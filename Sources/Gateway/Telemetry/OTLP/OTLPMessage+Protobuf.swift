// OTLP's binary encoding (https://protobuf.dev/programming-guides/encoding/).

extension OTLPMessage {
    /// The message in Protocol Buffers' wire format.
    var protobuf: [UInt8] {
        var bytes: [UInt8] = []
        for field in fields { Self.write(field, into: &bytes) }
        return bytes
    }

    private enum Wire: UInt64 {
        case varint = 0
        case fixed64 = 1
        case length = 2
        case fixed32 = 5
    }

    private static func write(_ field: Field, into bytes: inout [UInt8]) {
        func tag(_ wire: Wire) { varint(UInt64(field.number) << 3 | wire.rawValue, into: &bytes) }
        func block(_ content: some Collection<UInt8>) {
            tag(.length)
            varint(UInt64(content.count), into: &bytes)
            bytes.append(contentsOf: content)
        }
        switch field.value {
        case .text(let text): block(text.utf8)
        case .identifier(let content): block(content)
        case .fixed64(let number):
            tag(.fixed64)
            append(number, into: &bytes)
        case .fixed32(let number):
            tag(.fixed32)
            append(number, into: &bytes)
        case .integer(let number):
            tag(.varint)
            varint(UInt64(bitPattern: number), into: &bytes)
        case .choice(let number):
            tag(.varint)
            varint(UInt64(number), into: &bytes)
        case .real(let number):
            tag(.fixed64)
            append(number.bitPattern, into: &bytes)
        case .flag(let isSet):
            tag(.varint)
            varint(isSet ? 1 : 0, into: &bytes)
        case .message(let message): block(message.protobuf)
        case .messages(let messages): for message in messages { block(message.protobuf) }
        // Packed, as proto3 has repeated numbers.
        case .fixed64s(let numbers): block(packed(numbers))
        case .reals(let numbers): block(packed(numbers.map(\.bitPattern)))
        }
    }

    private static func packed(_ numbers: [UInt64]) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in numbers { append(number, into: &bytes) }
        return bytes
    }

    private static func append(_ number: some FixedWidthInteger, into bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func varint(_ number: UInt64, into bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
