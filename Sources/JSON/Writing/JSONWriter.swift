// Writes JSON straight into bytes.

/// Commas are its business, nesting is the caller's: each `begin` needs its `end`, in an object each value its `key`.
/// Several values outside of any container are joined by commas, which makes lists of members or elements to paste.
package struct JSONWriter: Sendable {
    /// What has been written. May be prepared or amended from outside between values.
    package var bytes: [UInt8]
    private var needsComma = false

    /// - Parameter capacity: bytes to make room for at once.
    package init(capacity: Int = 0) {
        bytes = []
        if capacity > 0 { bytes.reserveCapacity(capacity) }
    }

    package mutating func beginObject() { begin(UInt8(ascii: "{")) }

    package mutating func endObject() { end(UInt8(ascii: "}")) }

    package mutating func beginArray() { begin(UInt8(ascii: "[")) }

    package mutating func endArray() { end(UInt8(ascii: "]")) }

    /// The name of the next value, of the program's own choice: one that needs no escapes.
    package mutating func key(_ name: StaticString) {
        comma()
        name.withUTF8Buffer { name in
            assert(name.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: name)
        }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// The name of the next value, from wherever. A literal is one of the program's own.
    @_disfavoredOverload
    package mutating func key(_ name: String) {
        comma()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    package mutating func string(_ text: String) {
        comma()
        quoted(text)
    }

    /// A string whose content is escaped already; the quotes are written here.
    package mutating func text(_ text: JSONText) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text.bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func int(_ value: some BinaryInteger) {
        comma()
        if let small = Int64(exactly: value) {
            digits(small)
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
    }

    /// What is not finite is written as `null`: JSON has no such numbers.
    package mutating func double(_ value: Double) {
        comma()
        bytes.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
    }

    package mutating func bool(_ value: Bool) {
        comma()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    package mutating func null() {
        comma()
        bytes.append(contentsOf: "null".utf8)
    }

    /// One value, or several joined by commas, that is JSON already. Nothing is checked; an empty one becomes `null`.
    package mutating func raw(_ json: some Collection<UInt8>) {
        guard !json.isEmpty else { return null() }
        comma()
        bytes.append(contentsOf: json)
    }

    /// Members of an object that are JSON already, joined by commas: `"a":1,"b":2`. None at all are welcome.
    package mutating func members(_ json: some Collection<UInt8>) {
        guard !json.isEmpty else { return }
        comma()
        bytes.append(contentsOf: json)
    }

    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let bool): self.bool(bool)
        case .number(let number):
            comma()
            bytes.append(contentsOf: number.text.utf8)
        case .string(let string): self.string(string)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object): self.object(object)
        }
    }

    package mutating func object(_ object: JSONObject) {
        beginObject()
        for (name, value) in object.members {
            key(name)
            self.value(value)
        }
        endObject()
    }

    private mutating func begin(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    /// Writes the comma that the next value needs; after that value one will be needed again.
    @inline(__always)
    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        Escaping.append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func digits(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var magnitude = value.magnitude
        let start = bytes.count
        repeat {
            let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
            bytes.append(0x30 &+ UInt8(truncatingIfNeeded: remainder))
            magnitude = quotient
        } while magnitude > 0
        // In place: a slice of the array would be copied for it.
        var (first, last) = (start, bytes.count - 1)
        while first < last {
            bytes.swapAt(first, last)
            (first, last) = (first + 1, last - 1)
        }
    }
}
