// OTLP's JSON encoding (OTLP specification, "JSON Protobuf Encoding").

import JSON

extension OTLPMessage {
    var json: JSONValue {
        var object: JSONObject = [:]
        for field in fields { object[field.name] = Self.json(field.value) }
        return .object(object)
    }

    private static func json(_ value: Value) -> JSONValue {
        switch value {
        case .text(let text): .string(text)
        case .identifier(let bytes): .string(hexadecimal(bytes))
        case .fixed64(let number): .string(String(number))
        case .fixed32(let number): .integer(Int64(number))
        case .integer(let number): .string(String(number))
        case .choice(let number): .integer(Int64(number))
        case .real(let number): real(number)
        case .flag(let isSet): .bool(isSet)
        case .message(let message): message.json
        case .messages(let messages): .array(messages.map(\.json))
        case .fixed64s(let numbers): .array(numbers.map { .string(String($0)) })
        case .reals(let numbers): .array(numbers.map(real))
        }
    }

    private static func real(_ number: Double) -> JSONValue {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number > 0 ? "Infinity" : "-Infinity" }
        return .number(JSONNumber(number))
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
