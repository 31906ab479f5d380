// The headers of a request, looked up where they are: most are never asked for.

package import HTTPTypes
package import NIOHTTP1

/// Header fields as the decoder read them.
package struct RequestHeaders: Sendable {
    private let fields: HTTPHeaders

    package init(_ fields: HTTPHeaders) {
        self.fields = fields
    }

    /// A field's value. Several fields of one name are one list (RFC 9110 section 5.3), so that nobody can show one
    /// value to us and another to a proxy.
    package subscript(_ name: HTTPField.Name) -> String? {
        var value: String?
        for (field, text) in fields where field.isHeaderName(name.canonicalName) {
            value = value.map { "\($0), \(text)" } ?? text
        }
        return value
    }
}

extension String {
    /// Whether these are the same names; `canonical` is in lower case.
    fileprivate func isHeaderName(_ canonical: String) -> Bool {
        utf8.count == canonical.utf8.count
            && zip(utf8, canonical.utf8).allSatisfy { own, other in
                own == other || (own >= 0x41 && own <= 0x5A && own | 0x20 == other)
            }
    }
}
