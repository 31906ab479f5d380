// A message of the OpenTelemetry protocol as a tree, which both of its encodings are written from.

/// A message with its fields. Fields with their default value are left out by whoever makes it.
struct OTLPMessage: Sendable {
    /// A field's value, by how it is written.
    enum Value: Sendable {
        case text(String)
        /// `bytes`; in JSON hexadecimal, as OTLP has it for ids (OTLP specification, "JSON Protobuf Encoding").
        case identifier([UInt8])
        /// `fixed64`; in JSON a text, since not every reader has numbers of 64 bits.
        case fixed64(UInt64)
        case fixed32(UInt32)
        /// `sint`-free `int64` as a varint; in JSON a text.
        case integer(Int64)
        /// An enumeration; in JSON its number.
        case choice(Int)
        case real(Double)
        case flag(Bool)
        case message(OTLPMessage)
        case messages([OTLPMessage])
        case fixed64s([UInt64])
        case reals([Double])
    }

    struct Field: Sendable {
        /// In the `.proto` files of opentelemetry-proto 1.
        let number: Int
        /// Its name in JSON.
        let name: String
        let value: Value
    }

    private(set) var fields: [Field] = []

    mutating func add(_ number: Int, _ name: String, _ value: Value) {
        fields.append(Field(number: number, name: name, value: value))
    }

    init(_ fields: [(Int, String, Value)] = []) {
        self.fields = fields.map { Field(number: $0.0, name: $0.1, value: $0.2) }
    }
}
