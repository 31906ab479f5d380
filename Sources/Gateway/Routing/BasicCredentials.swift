// The password of an `Authorization: Basic` header (RFC 7617).

import Foundation

/// Reads Basic credentials.
enum BasicCredentials {
    /// The part after the first colon; nil when the text is not base64 of `name:password`.
    static func password(_ encoded: Substring) -> String? {
        guard let data = Data(base64Encoded: String(encoded)), let text = String(data: data, encoding: .utf8),
            let colon = text.firstIndex(of: ":")
        else { return nil }
        return String(text[text.index(after: colon)...])
    }
}
