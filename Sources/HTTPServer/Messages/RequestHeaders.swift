// The headers of a request, looked up where they are: most are never asked for.

package import HTTPTypes

/// Header fields as they came.
package struct RequestHeaders: Sendable {
    /// Where a field's name and value stand.
    struct Field: Sendable {
        var name: Range<Int32>
        var value: Range<Int32>
    }

    /// The bytes of the head that hold the fields.
    private let bytes: [UInt8]
    private let fields: [Field]

    init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    /// A field's value. Several fields of one name are one list (RFC 9110 section 5.3), so that nobody can show one
    /// value to us and another to a proxy.
    package subscript(_ name: HTTPField.Name) -> String? {
        var value: String?
        for field in fields where field.name.count == name.canonicalName.utf8.count {
            guard isName(field.name, name.canonicalName) else { continue }
            let text = String(decoding: bytes[Int(field.value.lowerBound)..<Int(field.value.upperBound)], as: UTF8.self)
            value = value.map { "\($0), \(text)" } ?? text
        }
        return value
    }

    /// Whether these are the same names; `canonical` is in lower case and as long.
    private func isName(_ range: Range<Int32>, _ canonical: String) -> Bool {
        var index = Int(range.lowerBound)
        for byte in canonical.utf8 {
            guard ASCII.lowercase(bytes[index]) == byte else { return false }
            index += 1
        }
        return true
    }
}
