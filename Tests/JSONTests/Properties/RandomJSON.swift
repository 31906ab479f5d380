// Random values, their many spellings, and damage done to them.

import JSON

extension SeededGenerator {
    /// Text with everything that is special somewhere: quotes, controls, line separators, all lengths of UTF-8.
    mutating func text(upTo limit: Int = 24) -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...limit, using: &self) {
            let ranges: [ClosedRange<UInt32>] = [
                0...0x1F, 0x20...0x7F, 0x20...0x7F, 0x20...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF,
                0x10000...0x10FFFF, 0x2028...0x2029, 0x4E00...0x9FFF, 0x22...0x22, 0x5C...0x5C,
            ]
            if let scalar = Unicode.Scalar(UInt32.random(in: pick(ranges), using: &self)) { scalars.append(scalar) }
        }
        return String(scalars)
    }

    mutating func number() -> JSONNumber {
        switch Int.random(in: 0..<5, using: &self) {
        case 0: JSONNumber(Int64(bitPattern: next()))
        case 1: JSONNumber(Int.random(in: -20...20, using: &self))
        case 2: JSONNumber(Double.random(in: -1e6...1e6, using: &self))
        case 3:
            JSONNumber(Double.random(in: 1...10, using: &self) * pick([1e-300, 1e-30, 1e-7, 1e22, 1e23, 1e100, 1e300]))
        default: JSONNumber(Double(Int.random(in: -1000...1000, using: &self)) / 8)
        }
    }

    mutating func value(depth: Int = 5) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &self) {
        case 0: return .null
        case 1: return .bool(chance(2))
        case 2, 3: return .number(number())
        case 4, 5: return .string(text())
        case 6:
            return .array((0..<Int.random(in: 0...6, using: &self)).map { _ in value(depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...(chance(10) ? 40 : 6), using: &self) {
                object[text(upTo: 8)] = value(depth: depth - 1)
            }
            return .object(object)
        }
    }

    /// The value spelled as some other program might: blanks between tokens, characters escaped at will.
    mutating func spelling(_ value: JSONValue) -> String {
        blank() + core(value) + blank()
    }

    private mutating func core(_ value: JSONValue) -> String {
        switch value {
        case .null: return "null"
        case .bool(let bool): return bool ? "true" : "false"
        case .number(let number): return number.text
        case .string(let text): return quoted(text)
        case .array(let elements):
            var parts: [String] = []
            for element in elements { parts.append(spelling(element)) }
            return "[" + (parts.isEmpty ? blank() : parts.joined(separator: ",")) + "]"
        case .object(let object):
            var parts: [String] = []
            for (key, value) in object { parts.append(blank() + quoted(key) + blank() + ":" + spelling(value)) }
            return "{" + (parts.isEmpty ? blank() : parts.joined(separator: ",")) + "}"
        }
    }

    private mutating func blank() -> String {
        guard chance(4) else { return "" }
        return pick([" ", "\n", "\t", "\r", "\r\n", "  ", "\n                    ", String(repeating: " ", count: 9)])
    }

    private mutating func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            let short: [Unicode.Scalar: String] = [
                "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n", "\r": "\\r",
                "\t": "\\t",
            ]
            if let escape = short[scalar], mustEscape || chance(3), chance(2) {
                result += escape
            } else if mustEscape || chance(6) {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16, uppercase: chance(2))
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Changes a few bytes: flips, deletes, inserts tokens, repeats or cuts.
    mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<7, using: &self) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &self), at: place)
            case 3:
                let tokens = [
                    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "0", "-", ".", "e", "E+", "1e5", "00",
                    "true", "nul", "\"a\":1,", " ", "\u{0}", "\u{FEFF}", "\u{2028}", "NaN", "//", "'",
                ]
                bytes.insert(contentsOf: Array(pick(tokens).utf8), at: place)
            case 4: bytes.removeSubrange(place...)
            case 5:
                let end = Int.random(in: place..<bytes.count, using: &self)
                bytes.insert(contentsOf: bytes[place...min(end, place + 12)], at: place)
            default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &self))
            }
        }
        return bytes
    }
}
