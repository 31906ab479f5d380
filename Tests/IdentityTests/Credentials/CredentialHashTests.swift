// Hashes of credentials, and the form of API secrets.

import Testing

@testable import Identity

@Suite struct CredentialHashTests {
    /// FIPS 180-2, appendix B.1.
    @Test func isSHA256() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(CredentialHash(of: "abc").hexadecimal == expected)
        #expect(CredentialHash(of: "xabcx".dropFirst().dropLast()).hexadecimal == expected)
    }

    @Test func comparesWhole() throws {
        let hash = CredentialHash(of: "abc")
        #expect(hash.matches(try #require(CredentialHash(hexadecimal: hash.hexadecimal))))
        for position in 0..<64 {
            var digits = Array(hash.hexadecimal)
            digits[position] = digits[position] == "0" ? "1" : "0"
            let changed = try #require(CredentialHash(hexadecimal: String(digits)))
            #expect(!hash.matches(changed))
            #expect(CacheKey(hash) != CacheKey(changed))
        }
        #expect(CredentialHash(hexadecimal: "abc") == nil)
        #expect(CredentialHash(hexadecimal: String(repeating: "g", count: 64)) == nil)
    }

    /// The only comparison that exists is the one in constant time.
    @Test func cannotBeComparedOtherwise() {
        #expect(!(CredentialHash.self is any Equatable.Type))
        #expect(!(PasswordHash.self is any Equatable.Type))
        #expect(!(SigningKey.self is any Equatable.Type))
    }

    @Test func constantTimeEqualityIsEquality() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(ConstantTime.equal(bytes, bytes))
            guard !bytes.isEmpty else { continue }
            var other = bytes
            other[Int.random(in: bytes.indices)] ^= 1 << UInt8.random(in: 0...7)
            #expect(!ConstantTime.equal(bytes, other), "\(bytes)")
            #expect(!ConstantTime.equal(bytes, bytes + [0]))
        }
    }

    @Test func generatedSecrets() {
        var seen: Set<String> = []
        var characters: Set<Character> = []
        for _ in 0..<500 {
            let secret = APISecretFormat.generate()
            let text = secret.reveal()
            #expect(text.hasPrefix("bkls_"))
            #expect(text.count == 5 + 44)
            #expect(APISecretFormat.isValid(text))
            #expect(seen.insert(text).inserted)
            characters.formUnion(text.dropFirst(5))
            #expect(APISecretFormat.shownPrefix(of: secret).count == 11)
            let hash = CredentialHash(of: text).hexadecimal
            #expect(hash != text && !hash.contains(text.dropFirst(5)) && !text.contains(hash))
        }
        #expect(characters.count == 62, "all letters and digits occur")
    }

    @Test func base64URLIsStrict() {
        var random = SystemRandomNumberGenerator()
        for count in 0..<70 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes, "\(bytes)")
        }
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
        for wrong in ["A", "-_9", "-_8=", "+/8", "-_ 8", "AAAAA"] {
            #expect(Base64URL.decode(wrong) == nil, "\(wrong)")
        }
    }
}
