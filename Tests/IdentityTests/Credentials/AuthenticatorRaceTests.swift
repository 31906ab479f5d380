// Requests at once, stores that are slow or gone, and changes that come in between.

import Accounts
import Identity
import Storage
import Testing

@Suite struct AuthenticatorRaceTests {
    private func withGatedWorld(_ body: (World, GatedDatabase) async throws -> Void) async throws {
        try await withWorld(.sqlite, wrap: { GatedDatabase($0) }) { world in
            try await body(world, try #require(world.database as? GatedDatabase))
        }
    }

    @Test func manyRequestsAskTheStoreOnce() async throws {
        try await withGatedWorld { world, gate in
            let start = try await world.start()
            gate.hold()
            try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<50 { group.addTask { try await world.caller(start.secretText).userID } }
                try await gate.waitForHeldReads(1)
                gate.release()
                for try await id in group { #expect(id == start.user.id) }
            }
            #expect(world.authenticator.statistics.loads == 1)
        }
    }

    /// The store answered before the secret was deleted, the answer arrives after.
    @Test func aLateAnswerIsNotRemembered() async throws {
        try await withGatedWorld { world, gate in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            let made = try await world.secrets.generate(name: "x", for: admin)
            gate.hold()
            let early = Task { try await world.caller(made.secret).userID }
            try await gate.waitForHeldReads(1)
            try await world.secrets.delete(made.record.id, by: admin)
            // Who comes after the deletion does not join those who came before.
            let late = Task { try await world.caller(made.secret).userID }
            try await gate.waitForHeldReads(2)
            gate.release()
            #expect(try await early.value == start.user.id, "it was good when it was asked for")
            await #expect(throws: CredentialFailure.unknown) { _ = try await late.value }
            #expect(world.cached(made.secret) == nil)
            await #expect(throws: CredentialFailure.unknown) { _ = try await world.caller(made.secret) }
        }
    }

    @Test func oneWhoGoesAwayTakesNothingFromTheOthers() async throws {
        try await withGatedWorld { world, gate in
            let start = try await world.start()
            gate.hold()
            let first = Task { try await world.caller(start.secretText).userID }
            try await gate.waitForHeldReads(1)
            let second = Task { try await world.caller(start.secretText).userID }
            first.cancel()
            gate.release()
            #expect(try await second.value == start.user.id)
            #expect(world.authenticator.statistics.loads == 1)
        }
    }

    @Test func aBrokenStoreIsNotARefusal() async throws {
        try await withGatedWorld { world, gate in
            let start = try await world.start()
            gate.breakDown()
            await #expect(throws: CredentialFailure.unavailable) { _ = try await world.caller(start.secretText) }
            #expect(CredentialFailure.unavailable.status == 503)
            gate.repair()
            _ = try await world.caller(start.secretText)
            gate.breakDown()
            _ = try await world.caller(start.secretText)
            #expect(world.cached(start.secretText) != nil, "who is remembered gets in meanwhile")
            await #expect(throws: CredentialFailure.unavailable) {
                _ = try await world.accounts.login(username: "admin", password: World.password)
            }
            gate.repair()
        }
    }
}

@Suite struct CredentialFailureTests {
    @Test func statusAndCode() {
        let unauthorized: [CredentialFailure] = [
            .missing, .malformed, .unknown, .revoked, .expired, .inactive, .wrongPassword,
        ]
        for failure in unauthorized {
            #expect(failure.status == 401 && failure.code == "invalid_api_key" && failure.retryAfterSeconds == nil)
        }
        #expect(CredentialFailure.forbidden(.modelUse).status == 403)
        #expect(CredentialFailure.forbidden(.modelUse).code == "permission_denied")
        #expect(CredentialFailure.forbidden(.modelUse).message.contains("model.use"))
        #expect(CredentialFailure.locked(retryAfterSeconds: 90).status == 429)
        #expect(CredentialFailure.locked(retryAfterSeconds: 90).retryAfterSeconds == 90)
        #expect(CredentialFailure.busy.status == 503 && CredentialFailure.busy.retryAfterSeconds == 1)
    }
}
