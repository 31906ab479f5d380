// Signatures of what we send to others, so that they know it from us.

import Crypto

/// HMAC-SHA256 (RFC 2104) as lower-case hexadecimal text.
package enum MessageSignature {
    package static func hexadecimal(of message: [UInt8], key: Secret) -> String {
        let key = SymmetricKey(data: Array(key.reveal().utf8))
        return Hexadecimal.encode(Array(HMAC<SHA256>.authenticationCode(for: message, using: key)))
    }
}
