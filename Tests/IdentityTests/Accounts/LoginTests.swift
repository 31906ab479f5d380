// Logging in, and what stops guessing.

import Accounts
import Identity
import Storage
import Testing

@Suite struct LoginTests {
    private func outcome(
        _ world: World,
        _ username: String,
        _ password: String,
        _ domain: String? = nil
    ) async -> CredentialFailure? {
        do {
            _ = try await world.accounts.login(username: username, password: Secret(password), domain: domain)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: Engine.allCases) func theSeedsDomainAndNone(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            let right = World.password.reveal()
            for domain in ["domain.com", "", nil, "DOMAIN.com"] {
                #expect(await outcome(world, "admin", right, domain) == nil, "\(domain ?? "none")")
            }
            #expect(await outcome(world, "admin", right, "other.org") == .wrongPassword)
            #expect(await outcome(world, "admin", "wrong") == .wrongPassword)
            #expect(await outcome(world, "admin", "") == .wrongPassword)
            #expect(await outcome(world, "nobody", right) == .wrongPassword, "the same answer as a wrong password")
            #expect(await outcome(world, "", "") == .wrongPassword)
            #expect(await outcome(world, String(repeating: "x", count: 100_000), right) == .wrongPassword)
            #expect(await outcome(world, "admin", String(repeating: "x", count: 100_000)) == .wrongPassword)
            #expect(await outcome(world, "admin' OR '1'='1", right) == .wrongPassword)
            let last = try await world.rows("SELECT last_login_at FROM users").first
            #expect(try last?.int("last_login_at") == world.clock.now)
        }
    }

    @Test(arguments: Engine.allCases) func inactiveIsToldOnlyWithTheRightPassword(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            let user = try await world.addUser("ina", .viewer)
            _ = try await world.accounts.deactivate(user: user.id, by: .system)
            #expect(await outcome(world, "ina", World.password.reveal()) == .inactive)
            #expect(await outcome(world, "ina", "wrong") == .wrongPassword)
        }
    }

    @Test(arguments: Engine.allCases, ["admin", "nobody"])
    func tenFailuresLock(engine: Engine, username: String) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            _ = try await world.addUser("other", .viewer)
            for attempt in 1...10 {
                #expect(await outcome(world, username, "wrong") == .wrongPassword, "attempt \(attempt)")
            }
            let right = World.password.reveal()
            #expect(await outcome(world, username, right) == .locked(retryAfterSeconds: 900))
            #expect(await outcome(world, "other", right) == nil, "others are not locked")
            #expect(try await world.caller(start.secretText).username == "admin", "API secrets go on")
            world.clock.advance(seconds: 899)
            #expect(await outcome(world, username, right) == .locked(retryAfterSeconds: 1))
            world.clock.advance(seconds: 1)
            #expect(await outcome(world, username, right) == (username == "admin" ? nil : .wrongPassword))
            let locks = try await world.rows("SELECT username FROM audit_log WHERE action = 'user.lock'")
            #expect(locks.count == (username == "admin" ? 1 : 0))
        }
    }

    @Test(arguments: Engine.allCases) func failuresAreForgotten(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            let right = World.password.reveal()
            for _ in 1...3 {
                for _ in 1...9 { #expect(await outcome(world, "admin", "wrong") == .wrongPassword) }
                #expect(await outcome(world, "admin", right) == nil, "the right password clears the count")
            }
            for _ in 1...3 {
                for _ in 1...9 { #expect(await outcome(world, "admin", "wrong") == .wrongPassword) }
                world.clock.advance(seconds: 15 * 60)
            }
            #expect(await outcome(world, "admin", right) == nil)
            #expect(try await world.rows("SELECT account_key FROM login_failures").count == 0)
        }
    }

    /// Guesses sent at once do not slip past the lock: those that wait for their turn see the failures before them.
    @Test(arguments: Engine.allCases) func guessesAtOnceAreCounted(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            let outcomes = await withTaskGroup(of: CredentialFailure?.self) { group in
                for guess in 0..<50 { group.addTask { await outcome(world, "admin", "guess \(guess)") } }
                return await group.reduce(into: [CredentialFailure?]()) { $0.append($1) }
            }
            let checked = outcomes.count { $0 == .wrongPassword }
            #expect((10...11).contains(checked), "\(checked) passwords were checked")
            #expect(outcomes.count { $0 == .locked(retryAfterSeconds: 900) } == 50 - checked)
        }
    }

    @Test(arguments: Engine.allCases) func theRightOneIsRefusedOnceLocked(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            for _ in 1...10 { _ = await outcome(world, "admin", "wrong") }
            #expect(await outcome(world, "admin", World.password.reveal())?.status == 429)
            #expect(await outcome(world, "admin", World.password.reveal(), "domain.com")?.status == 429)
        }
    }
}
