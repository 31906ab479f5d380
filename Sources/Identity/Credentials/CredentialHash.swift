// SHA-256 of a credential: the only form in which one is kept, in the store and in the cache.

import Crypto

/// SHA-256 of a credential.
///
/// It is deliberately not `Equatable`: the only way to compare two is ``matches(_:)``, in constant time.
package struct CredentialHash: Sendable {
    /// The 32 bytes as four words, in the machine's byte order, so that it lives in registers and needs no allocation.
    let words: (UInt64, UInt64, UInt64, UInt64)

    /// Hashes the bytes of a text. Plain SHA-256 is enough for API secrets, which carry 256 random bits; passwords go
    /// through ``PasswordHasher``.
    package init(of text: some StringProtocol) {
        let hashed = text.utf8.withContiguousStorageIfAvailable { Self(of: UnsafeRawBufferPointer($0)) }
        self = hashed ?? Array(text.utf8).withUnsafeBytes { Self(of: $0) }
    }

    /// Hashes bytes.
    init(of bytes: UnsafeRawBufferPointer) {
        var function = SHA256()
        function.update(bufferPointer: bytes)
        words = function.finalize().withUnsafeBytes(Self.words)
    }

    /// Reads the stored form; nil unless it is 64 hexadecimal digits.
    package init?(hexadecimal: String) {
        guard let bytes = Hexadecimal.decode(hexadecimal), bytes.count == 32 else { return nil }
        words = bytes.withUnsafeBytes(Self.words)
    }

    private static func words(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
        (
            bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
        )
    }

    /// The stored form: 64 lower-case hexadecimal digits.
    package var hexadecimal: String {
        withUnsafeBytes(of: words) { Hexadecimal.encode($0) }
    }

    /// Whether both are the same hash. Takes the same time whatever the answer.
    @inline(never)
    package func matches(_ other: CredentialHash) -> Bool {
        var difference = words.0 ^ other.words.0
        difference |= words.1 ^ other.words.1
        difference |= words.2 ^ other.words.2
        difference |= words.3 ^ other.words.3
        return difference == 0
    }
}

/// A credential hash as key of the in-memory cache.
///
/// Who presents credentials cannot steer the bytes of their hash, so the time that a look-up takes tells nothing of use.
struct CacheKey: Hashable, Sendable {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    init(_ hash: CredentialHash) {
        (first, second, third, fourth) = hash.words
    }

    /// One word is enough: the bytes of SHA-256 are evenly spread already.
    func hash(into hasher: inout Hasher) {
        hasher.combine(first)
    }
}
