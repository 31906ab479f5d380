// A value inside a document, looked at without being taken out.

/// One value of a `JSONDocument`: a reference and an index. Nothing is decoded before it is asked for.
package struct JSONView: Sendable {
    let storage: JSONStorage
    let index: Int

    var entry: TapeEntry { storage.tape[index] }

    package var kind: JSONKind { entry.kind }

    /// Its bytes in the document, quotes and brackets included.
    package var range: Range<Int> { entry.range }

    /// A copy of its bytes.
    package var rawBytes: [UInt8] { Array(storage.bytes[range]) }

    package var isNull: Bool { kind == .null }

    /// The value if it is a boolean.
    package var bool: Bool? {
        let entry = entry
        return entry.kind == .bool ? storage.bytes[Int(entry.start)] == UInt8(ascii: "t") : nil
    }

    /// The value if it is a number without fractional part (`5`, also `5.0` and `5e0`) that fits.
    package var int: Int? {
        let entry = entry
        guard entry.kind == .number else { return nil }
        return storage.int(entry)
    }

    /// The value if it is a number, rounded to the nearest double; infinite when it is beyond all doubles.
    package var double: Double? {
        let entry = entry
        guard entry.kind == .number else { return nil }
        return storage.double(entry)
    }

    /// The number as it was written.
    package var number: JSONNumber? {
        let entry = entry
        guard entry.kind == .number else { return nil }
        return JSONNumber(verbatim: storage.text(entry.range))
    }

    /// The decoded text if it is a string. A surrogate escape without its other half becomes U+FFFD.
    package var string: String? {
        let entry = entry
        return entry.kind == .string ? storage.string(entry) : nil
    }

    /// The content between the quotes as it stands, still escaped, if it is a string.
    package var escapedContent: JSONText? {
        let entry = entry
        return entry.kind == .string ? JSONText(verbatim: Array(storage.bytes[entry.content])) : nil
    }

    /// Whether it is a string that stands for exactly this text, code point by code point. Allocates nothing.
    package func stringEquals(_ text: String) -> Bool {
        let entry = entry
        return entry.kind == .string && storage.equals(entry, text.utf8.span)
    }

    /// How many elements an array or members an object has (duplicates counted); 0 for anything else.
    /// Counted by walking over them.
    package var count: Int {
        let entry = entry
        guard entry.kind == .array || entry.kind == .object else { return 0 }
        var count = 0
        var child = index + 1
        while child < Int(entry.next) {
            count += 1
            child = Int(storage.tape[entry.kind == .array ? child : child + 1].next)
        }
        return count
    }

    /// The member of an object; of several with one name the last. `nil` for other kinds. Allocates nothing.
    package subscript(key: String) -> JSONView? {
        let entry = entry
        guard entry.kind == .object else { return nil }
        let position = storage.lastMember(of: index, end: Int(entry.next), named: key.utf8.span)
        return position < 0 ? nil : JSONView(storage: storage, index: position)
    }

    /// The element of an array, found by walking to it; `nil` outside its bounds and for other kinds.
    package subscript(position: Int) -> JSONView? {
        let entry = entry
        guard entry.kind == .array, position >= 0 else { return nil }
        var child = index + 1
        var remaining = position
        while child < Int(entry.next) {
            if remaining == 0 { return JSONView(storage: storage, index: child) }
            remaining -= 1
            child = Int(storage.tape[child].next)
        }
        return nil
    }

    /// The elements of an array; nothing for other kinds.
    package var elements: JSONElements {
        let entry = entry
        let start = index + 1
        return JSONElements(storage: storage, range: start..<(entry.kind == .array ? Int(entry.next) : start))
    }

    /// The members of an object in the order they came, duplicates included; nothing for other kinds.
    package var members: JSONMembers {
        let entry = entry
        let start = index + 1
        return JSONMembers(storage: storage, range: start..<(entry.kind == .object ? Int(entry.next) : start))
    }

    /// The value taken out of the document, with all that is in it. Of members with one name the last is kept.
    package var value: JSONValue {
        let entry = entry
        switch entry.kind {
        case .null: return .null
        case .bool: return .bool(storage.bytes[Int(entry.start)] == UInt8(ascii: "t"))
        case .number: return .number(JSONNumber(verbatim: storage.text(entry.range)))
        case .string: return .string(storage.string(entry))
        case .array: return .array(elements.map(\.value))
        case .object:
            var object = JSONObject()
            for member in members { object[member.key] = member.value.value }
            return .object(object)
        }
    }
}

extension JSONStorage {
    func int(_ entry: TapeEntry) -> Int? {
        let bytes = bytes
        return NumberReading.int(bytes.span.extracting(entry.range)).map { Int($0) }
    }

    func double(_ entry: TapeEntry) -> Double {
        let bytes = bytes
        return NumberReading.double(bytes.span.extracting(entry.range))
    }

    /// The bytes as text; they are known to be UTF-8.
    func text(_ range: Range<Int>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self) }
    }

    /// The decoded text of a string or key.
    func string(_ entry: TapeEntry) -> String {
        guard entry.hasEscapes else { return text(entry.content) }
        let bytes = bytes
        return Unescaping.decode(bytes.span, entry.content)
    }

    /// Whether a string or key stands for these bytes of UTF-8.
    @inline(__always)
    func equals(_ entry: TapeEntry, _ other: Span<UInt8>) -> Bool {
        let bytes = bytes
        let span = bytes.span
        if entry.hasEscapes { return Unescaping.equals(span, entry.content, other) }
        let content = entry.content
        guard content.count == other.count else { return false }
        for offset in 0..<content.count where span[content.lowerBound &+ offset] != other[offset] { return false }
        return true
    }

    /// The tape index of the value of the last member with this name; -1 when there is none.
    func lastMember(of object: Int, end: Int, named key: Span<UInt8>) -> Int {
        var found = -1
        var position = object + 1
        while position < end {
            if equals(tape[position], key) { found = position + 1 }
            position = Int(tape[position + 1].next)
        }
        return found
    }
}
