// Takes secrets out of what is written to the audit log, whoever forgot to.

package import JSON

/// Masks secrets in JSON by the names of members and by the look of texts.
///
/// A safety net: whoever writes an entry should leave secrets out in the first place.
package enum AuditMask {
    /// What stands in place of a secret.
    package static let mask = "***"

    /// The value with every secret in it replaced by `***`. Numbers, booleans and null stay: `has_secret` and
    /// `token_count` tell nothing.
    package static func masked(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            var result = JSONObject()
            for (key, value) in members {
                result[key] = isSecretName(key) ? hidden(value) : masked(value)
            }
            return .object(result)
        case .array(let elements):
            return .array(elements.map(masked))
        case .string(let text):
            return looksSecret(text) ? .string(mask) : value
        default:
            return value
        }
    }

    /// Everything textual below a member with a secret's name.
    private static func hidden(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): text.isEmpty ? value : .string(mask)
        case .array(let elements): .array(elements.map(hidden))
        case .object: .string(mask)
        default: value
        }
    }

    private static let secretNames = [
        "secret", "password", "passwd", "pwd", "token", "api_key", "apikey", "api-key", "authorization", "credential",
        "private_key", "access_key", "bot_key", "webhook_url", "cookie",
    ]

    private static func isSecretName(_ name: String) -> Bool {
        let name = name.lowercased()
        return secretNames.contains { name.contains($0) }
    }

    /// A whole API secret anywhere in the text (its shown prefix is short and stays), or something that begins like a
    /// JSON Web Token.
    private static func looksSecret(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        for (marker, length) in [(Array(APISecretFormat.prefix.utf8), 12), (Array("eyJ".utf8), 20)] {
            guard bytes.count >= marker.count + length else { continue }
            for start in 0...(bytes.count - marker.count - length) where bytes[start...].starts(with: marker) {
                let rest = bytes[(start + marker.count)...]
                let credential = rest.prefix { APISecretFormat.isSecretCharacter($0) || $0 == 0x2E }
                if credential.count >= length { return true }
            }
        }
        return false
    }
}
