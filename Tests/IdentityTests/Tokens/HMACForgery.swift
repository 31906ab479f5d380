// HMAC-SHA256 as RFC 2104 writes it, to make tokens that the product would not make.

import Testing

@testable import Identity

/// Makes tokens by hand.
enum HMACForgery {
    static func token(header: String, payload: String, key: [UInt8]) throws -> String {
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        return signed + "." + Base64URL.encode(try code(Array(signed.utf8), key: key))
    }

    static func code(_ message: [UInt8], key: [UInt8]) throws -> [UInt8] {
        let block = key + [UInt8](repeating: 0, count: 64 - key.count)
        let inner = try sha256(block.map { $0 ^ 0x36 } + message)
        return try sha256(block.map { $0 ^ 0x5C } + inner)
    }

    private static func sha256(_ bytes: [UInt8]) throws -> [UInt8] {
        let hash = bytes.withUnsafeBytes { CredentialHash(of: $0) }
        return try #require(Hexadecimal.decode(hash.hexadecimal))
    }
}
