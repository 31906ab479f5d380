// Which header counts, and what is a credential at all.

import Testing

@testable import Identity

@Suite struct PresentedCredentialTests {
    private static let secret = "bkls_aaaaaaaaaaaaaaaaaaaaaaaa"
    private static let other = "bkls_bbbbbbbbbbbbbbbbbbbbbbbb"
    private static let token = "eyJh.eyJi.c2ln"

    private func find(_ authorization: String?, _ api: String? = nil, _ key: String? = nil) -> String {
        do {
            let found = try PresentedCredential.find(authorization: authorization, apiAuthorization: api, apiKey: key)
            #expect(found.hash.matches(CredentialHash(of: found.text.reveal())))
            return "\(found.kind) \(found.text.reveal())"
        } catch {
            return "\(error.code) \(error == .missing ? "missing" : "malformed")"
        }
    }

    @Test func acceptsEachForm() {
        #expect(find("Bearer \(Self.secret)") == "apiSecret \(Self.secret)")
        #expect(find("Bearer \(Self.token)") == "token \(Self.token)")
        #expect(find("Basic \(Self.token)") == "token \(Self.token)")
        #expect(find(nil, Self.secret) == "apiSecret \(Self.secret)")
        #expect(find(nil, nil, Self.secret) == "apiSecret \(Self.secret)")
        #expect(find(nil, nil, Self.token) == "token \(Self.token)")
    }

    @Test(arguments: ["bearer", "BEARER", "BeArEr"]) func schemeIgnoresCase(scheme: String) {
        #expect(find("\(scheme) \(Self.secret)") == "apiSecret \(Self.secret)")
        #expect(find("  \(scheme)\t  \(Self.secret)  ") == "apiSecret \(Self.secret)")
    }

    @Test func theFirstCounts() {
        #expect(find("Bearer \(Self.secret)", Self.other, Self.other) == "apiSecret \(Self.secret)")
        #expect(find(nil, Self.secret, Self.other) == "apiSecret \(Self.secret)")
        #expect(find("Bearer nonsense", Self.other, Self.other) == "invalid_api_key malformed", "right or wrong")
    }

    @Test(arguments: ["", " ", "Bearer", "Bearer ", "basic  "]) func blankIsAbsent(header: String) {
        #expect(find(header) == "invalid_api_key missing")
        #expect(find(header, " ", Self.secret) == "apiSecret \(Self.secret)")
    }

    @Test(arguments: [
        "Basic \(secret)",  // only tokens come as Basic here
        "Basic YWRtaW46cGFzc3dvcmQ=",
        "Digest \(secret)",
        secret,  // no scheme
        "Bearer sk-1234567890abcdef1234567890",
        "Bearer \(secret) \(other)",
        "Bearer \(secret),\(other)",
        "Bearer bkls_short",
        "Bearer bkls_" + String(repeating: "a", count: 201),
        "Bearer a.b",
        "Bearer a.b.c.d",
        "Bearer \(token)\n",
        "Bearer bkls_äääääääääääääääääääääääää",
        "Bearer " + String(repeating: "a", count: 5000) + ".b.c",
        "Bearerbkls_aaaaaaaaaaaaaaaaaaaaaaaa",
        "\u{42}earer\u{A0}\(secret)",
    ])
    func refuses(header: String) {
        #expect(find(header) == "invalid_api_key malformed")
    }

    @Test func tokensDoNotComeInApiAuthorization() {
        #expect(find(nil, Self.token) == "invalid_api_key malformed")
        #expect(find(nil, "Bearer \(Self.secret)") == "invalid_api_key malformed")
    }
}
