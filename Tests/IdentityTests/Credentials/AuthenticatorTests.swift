// From headers to callers, on both engines.

import Accounts
import Identity
import Storage
import Testing

@Suite struct AuthenticatorTests {
    @Test(arguments: Engine.allCases) func everyHeaderWorks(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let secret = start.secretText.reveal()
            let login = try await world.accounts.login(username: "admin", password: World.password)
            let token = login.token.reveal()
            let headers: [(String?, String?, String?)] = [
                ("Bearer \(secret)", nil, nil), ("bearer \(token)", nil, nil), ("Basic \(token)", nil, nil),
                (nil, secret, nil), (nil, nil, secret), (nil, nil, token),
            ]
            for (authorization, apiAuthorization, apiKey) in headers {
                let caller = try await world.authenticator.caller(
                    forAuthorization: authorization,
                    apiAuthorization: apiAuthorization,
                    apiKey: apiKey
                )
                #expect(caller.username == "admin")
                #expect(caller.domain == "domain.com")
                #expect(caller.role == .administrator)
                #expect(caller.teams == [Team.defaultID])
                #expect(caller.userID == start.user.id)
                let cached = world.authenticator.cachedCaller(
                    forAuthorization: authorization,
                    apiAuthorization: apiAuthorization,
                    apiKey: apiKey
                )
                #expect(cached?.credential == caller.credential)
            }
            let bySecret = try await world.caller(start.secretText).credential
            #expect(bySecret.kind == .apiSecret && bySecret.id == start.secret.id && bySecret.name == "first start")
            let byToken = try await world.caller(login.token).credential
            #expect(byToken.kind == .token && byToken.id == nil && byToken.name.count == 22)
        }
    }

    @Test(arguments: Engine.allCases) func refusals(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            await #expect(throws: CredentialFailure.missing) {
                _ = try await world.authenticator.caller(forAuthorization: nil, apiAuthorization: nil, apiKey: nil)
            }
            await #expect(throws: CredentialFailure.malformed) { _ = try await world.caller(Secret("webhook-secret")) }
            await #expect(throws: CredentialFailure.unknown) {
                _ = try await world.caller(APISecretFormat.generate())
            }
            #expect(world.authenticator.statistics.remembered == 0, "refusals are not remembered")
        }
    }

    @Test(arguments: Engine.allCases) func aDeletedSecretIsRefusedAtOnce(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            let made = try await world.secrets.generate(name: "x", for: admin)
            _ = try await world.caller(made.secret)
            #expect(world.cached(made.secret) != nil)
            try await world.secrets.delete(made.record.id, by: admin)
            #expect(world.cached(made.secret) == nil)
            await #expect(throws: CredentialFailure.unknown) { _ = try await world.caller(made.secret) }
            #expect(world.cached(start.secretText) != nil, "others stay in memory")
        }
    }

    @Test(arguments: Engine.allCases) func aSecretEndsInTime(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            let made = try await world.secrets.generate(
                name: "short",
                expiresAt: world.clock.now + 1000,
                for: admin
            )
            _ = try await world.caller(made.secret)
            #expect(world.cached(made.secret) != nil)
            world.clock.advance(seconds: 1)
            #expect(world.cached(made.secret) == nil, "the cache does not outlive the secret")
            await #expect(throws: CredentialFailure.expired) { _ = try await world.caller(made.secret) }
        }
    }

    @Test(arguments: Engine.allCases) func changesOfTheUserCountAtOnce(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            let user = try await world.addUser("olga", .operator)
            let secret = try await world.secrets.generate(name: "s", for: callerOf(user)).secret
            let token = try await world.accounts.login(username: "olga", password: World.password).token
            #expect(try await world.caller(secret).may(.alertsManage))
            #expect(try await world.caller(token).may(.alertsManage))

            _ = try await world.accounts.setRole(.viewer, ofUser: user.id, by: .system)
            #expect(world.cached(secret) == nil && world.cached(token) == nil)
            #expect(try await !world.caller(secret).may(.alertsManage))
            await #expect(throws: CredentialFailure.revoked) { _ = try await world.caller(token) }

            let second = try await world.accounts.login(username: "olga", password: World.password).token
            #expect(try await world.caller(second).role == .viewer)
            try await world.accounts.setPassword(Secret("another password"), ofUser: user.id, by: .system)
            await #expect(throws: CredentialFailure.revoked) { _ = try await world.caller(second) }
            #expect(try await world.caller(secret).role == .viewer, "API secrets go on after a new password")

            let third = try await world.accounts.login(username: "olga", password: Secret("another password")).token
            _ = try await world.accounts.deactivate(user: user.id, by: .system)
            await #expect(throws: CredentialFailure.inactive) { _ = try await world.caller(secret) }
            await #expect(throws: CredentialFailure.inactive) { _ = try await world.caller(third) }

            _ = try await world.accounts.activate(user: user.id, by: .system)
            await #expect(throws: CredentialFailure.revoked) { _ = try await world.caller(third) }
            _ = try await world.caller(secret)
        }
    }

    @Test(arguments: Engine.allCases) func credentialsOfADeletedUser(engine: Engine) async throws {
        try await withWorld(engine, limits: CallerCacheLimits(lifetime: 0)) { world in
            _ = try await world.start()
            let user = try await world.addUser("gone", .operator)
            let secret = try await world.secrets.generate(name: "s", for: callerOf(user)).secret
            let token = try await world.accounts.login(username: "gone", password: World.password).token
            try await world.database.write { connection in
                _ = try connection.execute("DELETE FROM users WHERE id = $1", [.integer(user.id)])
            }
            await #expect(throws: CredentialFailure.unknown) { _ = try await world.caller(token) }
            await #expect(throws: CredentialFailure.unknown) { _ = try await world.caller(secret) }
        }
    }

    @Test(arguments: Engine.allCases) func aRoleOfAnotherProgramVersionIsRefused(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            try await world.database.write { connection in
                _ = try connection.execute("UPDATE users SET role = 'emperor'")
            }
            await #expect(throws: CredentialFailure.inactive) { _ = try await world.caller(start.secretText) }
        }
    }

    /// What another node (or the command line) did is seen when the memory's time is over, at the latest.
    @Test func otherNodesAreHeardInTime() async throws {
        for (engine, seconds) in [(Engine.sqlite, Int64(30)), (.postgresql, 2)] {
            try await withWorld(engine) { world in
                let start = try await world.start()
                _ = try await world.caller(start.secretText)
                try await world.database.write { connection in _ = try connection.execute("DELETE FROM api_secrets") }
                world.clock.advance(seconds: seconds - 1)
                #expect(world.cached(start.secretText) != nil)
                world.clock.advance(seconds: 1)
                #expect(world.cached(start.secretText) == nil)
                await #expect(throws: CredentialFailure.unknown) { _ = try await world.caller(start.secretText) }
            }
        }
    }

    @Test(arguments: Engine.allCases) func theSecretsTeamIsTheCurrentOne(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            let second = try await world.addTeam("second")
            let user = try await world.addUser("two", .operator, teams: [Team.defaultID, second])
            let working = try #require(callerOf(user).working(in: second))
            let made = try await world.secrets.generate(name: "s", for: working)
            #expect(made.record.team == second)
            #expect(try await world.caller(made.secret).teams == [second, Team.defaultID])
            try await world.database.write { connection in
                _ = try connection.execute("DELETE FROM user_teams WHERE team_id = $1", [.integer(second)])
            }
            world.authenticator.forgetAll()
            #expect(try await world.caller(made.secret).teams == [Team.defaultID], "no longer a member")
        }
    }

    @Test(arguments: Engine.allCases) func lastUseIsNotedOnceAMinute(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            func lastUsed() async throws -> Int64? {
                await world.authenticator.settle()
                return try await world.rows("SELECT last_used_at FROM api_secrets").first?.optionalInt("last_used_at")
            }
            #expect(try await lastUsed() == nil)
            _ = try await world.caller(start.secretText)
            let first = world.clock.now
            #expect(try await lastUsed() == first)
            world.clock.advance(seconds: 59)
            world.authenticator.forgetAll()
            _ = try await world.caller(start.secretText)
            #expect(try await lastUsed() == first)
            world.clock.advance(seconds: 1)
            world.authenticator.forgetAll()
            _ = try await world.caller(start.secretText)
            #expect(try await lastUsed() == first + 60_000)
        }
    }
}
