// Tokens: what they say, and every way in which a false one is refused.

import Accounts
import JSON
import Testing

@testable import Identity

@Suite struct TokenTests {
    private let key = SigningKey.random()
    private let now: Int64 = 1_790_000_000_000
    private let claims = TokenClaims(
        userID: 42,
        username: "admin",
        version: 3,
        issuedAt: 1_790_000_000,
        expiresAt: 1_790_003_600,
        identifier: "abc"
    )

    private func outcome(_ token: String, now: Int64? = nil) async -> CredentialFailure? {
        do {
            _ = try await TokenSigner(key: key).verify(Secret(token), now: now ?? self.now)
            return nil
        } catch {
            return error
        }
    }

    private func payload(exp: Int64 = 1_790_003_600, iat: Int64 = 1_790_000_000) -> String {
        #"{"user_id":42,"username":"admin","version":3,"iat":\#(iat),"exp":\#(exp),"jti":"abc"}"#
    }

    @Test func saysWhatTheSeedSays() async throws {
        let token = try await TokenSigner(key: key).sign(claims)
        let parts = token.reveal().split(separator: ".")
        #expect(parts.count == 3)
        let header = try JSONValue(parsing: try #require(Base64URL.decode(parts[0])))
        #expect(header["alg"]?.string == "HS256")
        let payload = try JSONValue(parsing: try #require(Base64URL.decode(parts[1])))
        #expect(payload["user_id"]?.int == 42)
        #expect(payload["username"]?.string == "admin")
        #expect(payload["exp"]?.int == 1_790_003_600)
        #expect(payload["iat"]?.int == 1_790_000_000)
        #expect(payload["jti"]?.string == "abc")
        let signed = Array("\(parts[0]).\(parts[1])".utf8)
        #expect(try Base64URL.decode(parts[2]) == HMACForgery.code(signed, key: key.bytes), "HMAC-SHA256 of RFC 2104")
        #expect(try await TokenSigner(key: key).verify(token, now: now) == claims)
    }

    @Test func aForgeryWithTheRightKeyWouldPass() async throws {
        let token = try HMACForgery.token(header: #"{"alg":"HS256","typ":"JWT"}"#, payload: payload(), key: key.bytes)
        #expect(await outcome(token) == nil, "or the refusals below would show nothing")
    }

    @Test(arguments: [
        #"{"alg":"none"}"#, #"{"alg":"None","typ":"JWT"}"#, #"{"alg":"hs256"}"#, #"{"alg":"RS256","typ":"JWT"}"#,
        #"{"alg":"HS384"}"#, #"{"alg":"HS512"}"#, #"{"alg":"ES256"}"#, #"{"typ":"JWT"}"#, #"{"alg":1}"#,
        #"{"alg":["HS256"]}"#, #"{"alg":"HS256","crit":["exp"]}"#, #"{"alg":"HS256","alg":"none"}"#,
    ])
    func otherAlgorithmsAreRefusedDespiteAGoodSignature(header: String) async throws {
        let token = try HMACForgery.token(header: header, payload: payload(), key: key.bytes)
        #expect(await outcome(token) == .unknown)
        let unsigned = token.split(separator: ".").prefix(2).joined(separator: ".") + "."
        #expect(await outcome(unsigned) == .unknown)
    }

    @Test func aWrongKeyIsRefused() async throws {
        let token = try await TokenSigner(key: .random()).sign(claims)
        #expect(await outcome(token.reveal()) == .unknown)
        let empty = try HMACForgery.token(header: #"{"alg":"HS256"}"#, payload: payload(), key: [])
        #expect(await outcome(empty) == .unknown)
    }

    /// Every single character of a token counts.
    @Test func everyChangeIsNoticed() async throws {
        let token = Array(try await TokenSigner(key: key).sign(claims).reveal())
        for position in token.indices where token[position] != "." {
            var changed = token
            changed[position] = token[position] == "A" ? "B" : "A"
            #expect(await outcome(String(changed)) != nil, "position \(position)")
            changed = token
            changed.remove(at: position)
            #expect(await outcome(String(changed)) != nil, "position \(position) removed")
        }
        // The last character of a part holds bits that no byte uses; even those count.
        let ends = token.indices.filter { $0 + 1 == token.count || token[$0 + 1] == "." }
        for end in ends {
            for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" where letter != token[end]
            {
                var changed = token
                changed[end] = letter
                #expect(await outcome(String(changed)) != nil, "\(letter) at \(end)")
            }
        }
        #expect(await outcome(String(token) + "=") == .malformed)
        #expect(await outcome(String(token) + ".") == .malformed)
        #expect(await outcome(String(token.dropLast())) != nil)
    }

    @Test func timesHaveALeewayOfHalfAMinute() async throws {
        let token = try await TokenSigner(key: key).sign(claims).reveal()
        let end = claims.expiresAt * 1000
        #expect(await outcome(token, now: end + 29_999) == nil)
        #expect(await outcome(token, now: end + 30_000) == .expired)
        let start = claims.issuedAt * 1000
        #expect(await outcome(token, now: start - 30_000) == nil)
        #expect(await outcome(token, now: start - 30_001) == .unknown)
    }

    @Test(arguments: [Int64.max, Int64.min, -1, 1 << 50]) func hostileNumbersDoNotTrap(number: Int64) async throws {
        for payload in [payload(exp: number), payload(iat: number)] {
            let token = try HMACForgery.token(header: #"{"alg":"HS256"}"#, payload: payload, key: key.bytes)
            #expect(await outcome(token) == .unknown)
        }
    }

    @Test(arguments: ["{}", "[]", "null", "", #"{"user_id":"42"}"#, #"{"user_id":42,"username":"admin"}"#])
    func incompletePayloadsAreRefused(payload: String) async throws {
        let token = try HMACForgery.token(header: #"{"alg":"HS256"}"#, payload: payload, key: key.bytes)
        #expect(await outcome(token) == .unknown)
    }

    @Test(arguments: ["", ".", "..", "a.b.c", "e30.e30.", "####.e30.e30", "W10.e30.e30", "e30.e30.e30"])
    func nonsenseIsRefused(token: String) async {
        let failure = await outcome(token)
        #expect(failure == .malformed || failure == .unknown)
    }

    @Test func lastsADay() async throws {
        try await withWorld(.sqlite) { world in
            _ = try await world.start()
            let login = try await world.accounts.login(username: "admin", password: World.password)
            #expect(login.expiresAt == world.clock.now / 1000 * 1000 + 24 * 3600 * 1000)
            _ = try await world.caller(login.token)
            world.clock.advance(seconds: 24 * 3600 + 29)
            _ = try await world.caller(login.token)
            world.clock.advance(seconds: 1)
            #expect(world.cached(login.token) == nil)
            await #expect(throws: CredentialFailure.expired) { _ = try await world.caller(login.token) }
        }
    }
}
