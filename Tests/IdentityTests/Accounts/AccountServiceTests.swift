// Users: who may create and change them, and what may not happen.

import Accounts
import Identity
import Storage
import Testing

@Suite struct AccountServiceTests {
    @Test(arguments: Engine.allCases) func createsUsers(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            let user = try await world.accounts.createUser(
                NewUser(username: " 王小明 ", domain: "Ops.Example", password: World.password, role: .operator),
                by: admin
            )
            #expect(user.username == "王小明" && user.domain == "ops.example" && user.teams == [Team.defaultID])
            #expect(user.isActive && user.lastLoginAt == nil && user.createdAt == world.clock.now)
            #expect(try await world.accounts.user(user.id, for: admin) == user)
            #expect(try await world.accounts.user(named: "王小明", domain: "ops.example", for: admin) == user)
            let login = try await world.accounts.login(
                username: "王小明",
                password: World.password,
                domain: "ops.example"
            )
            #expect(try await world.caller(login.token).domain == "ops.example")
            await #expect(throws: AccountFailure.duplicateUser) {
                _ = try await world.accounts.createUser(
                    NewUser(username: "王小明", domain: "ops.example", password: World.password, role: .viewer),
                    by: admin
                )
            }
            _ = try await world.addUser("王小明", .viewer)  // another domain
        }
    }

    @Test(arguments: Engine.allCases) func refusesBadOnes(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            let long = String(repeating: "a", count: 151)
            let cases: [(NewUser, String)] = [
                (NewUser(username: "", password: World.password, role: .viewer), "username"),
                (NewUser(username: "a b", password: World.password, role: .viewer), "username"),
                (NewUser(username: "a\u{200B}b", password: World.password, role: .viewer), "username"),
                (NewUser(username: long, password: World.password, role: .viewer), "username"),
                (NewUser(username: "a", password: Secret("short"), role: .viewer), "password"),
                (NewUser(username: "a", password: World.password, role: .viewer, teams: []), "teams"),
                (NewUser(username: "a", password: World.password, role: .viewer, teams: [1, 1]), "teams"),
                (NewUser(username: "a", password: World.password, role: .viewer, teams: [99]), "teams"),
                (NewUser(username: "a", domain: "x\u{7}", password: World.password, role: .viewer), "domain"),
            ]
            for (user, field) in cases {
                let failure = await #expect(throws: AccountFailure.self) {
                    _ = try await world.accounts.createUser(user, by: .system)
                }
                #expect(failure?.field == field && failure?.status == 400)
            }
            #expect(try await world.rows("SELECT id FROM users").count == 1)
        }
    }

    @Test(arguments: [Role.operator, .viewer]) func onlyAdministratorsMay(role: Role) async throws {
        try await withWorld(.sqlite) { world in
            let start = try await world.start()
            let user = try await world.addUser("low", role)
            let caller = callerOf(user)
            let refusal = CredentialFailure.forbidden(.accountManage)
            await #expect(throws: refusal) {
                _ = try await world.accounts.createUser(
                    NewUser(username: "x", password: World.password, role: .administrator),
                    by: caller
                )
            }
            await #expect(throws: refusal) {
                _ = try await world.accounts.setRole(.administrator, ofUser: user.id, by: caller)
            }
            await #expect(throws: refusal) {
                _ = try await world.accounts.deactivate(user: start.user.id, by: caller)
            }
            await #expect(throws: refusal) { _ = try await world.accounts.activate(user: user.id, by: caller) }
            await #expect(throws: refusal) { _ = try await world.accounts.listUsers(for: caller) }
            await #expect(throws: refusal) { _ = try await world.accounts.user(start.user.id, for: caller) }
            await #expect(throws: refusal) {
                try await world.accounts.setPassword(Secret("hijacked!"), ofUser: start.user.id, by: caller)
            }
            await #expect(throws: refusal) {
                try await world.accounts.setPassword(
                    Secret("hijacked!"),
                    current: World.password,
                    ofUser: start.user.id,
                    by: caller
                )
            }
            #expect(try await world.accounts.user(user.id, for: caller) == user, "oneself is no secret")
        }
    }

    @Test(arguments: Engine.allCases) func oneMaySetOnesOwnPassword(engine: Engine) async throws {
        try await withWorld(engine) { world in
            _ = try await world.start()
            let user = try await world.addUser("own", .viewer)
            let caller = callerOf(user)
            let old = try await world.accounts.login(username: "own", password: World.password).token
            await #expect(throws: CredentialFailure.wrongPassword) {
                try await world.accounts.setPassword(
                    Secret("new password"),
                    current: Secret("wrong"),
                    ofUser: user.id,
                    by: caller
                )
            }
            _ = try await world.caller(old)
            try await world.accounts.setPassword(
                Secret("new password"),
                current: World.password,
                ofUser: user.id,
                by: caller
            )
            await #expect(throws: CredentialFailure.revoked) { _ = try await world.caller(old) }
            await #expect(throws: CredentialFailure.wrongPassword) {
                _ = try await world.accounts.login(username: "own", password: World.password)
            }
            _ = try await world.accounts.login(username: "own", password: Secret("new password"))
        }
    }

    @Test(arguments: Engine.allCases) func theLastAdministratorStays(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            await #expect(throws: AccountFailure.lastAdministrator) {
                _ = try await world.accounts.deactivate(user: start.user.id, by: admin)
            }
            await #expect(throws: AccountFailure.lastAdministrator) {
                _ = try await world.accounts.setRole(.operator, ofUser: start.user.id, by: admin)
            }
            _ = try await world.caller(start.secretText)
            let second = try await world.addUser("second", .administrator)
            _ = try await world.accounts.deactivate(user: second.id, by: admin)
            await #expect(throws: AccountFailure.lastAdministrator, "an inactive one does not count") {
                _ = try await world.accounts.deactivate(user: start.user.id, by: admin)
            }
            _ = try await world.accounts.activate(user: second.id, by: admin)
            _ = try await world.accounts.setRole(.viewer, ofUser: start.user.id, by: callerOf(second))
        }
    }

    /// Administrators who deactivate each other at once: one always stays.
    @Test(arguments: Engine.allCases) func oneAdministratorStaysOfMany(engine: Engine) async throws {
        try await withWorld(engine) { world in
            var administrators = [try await world.start().user]
            for number in 1...4 { administrators.append(try await world.addUser("admin\(number)", .administrator)) }
            let users = administrators
            let refused = try await withThrowingTaskGroup(of: Int.self) { group in
                for (index, user) in users.enumerated() {
                    let by = callerOf(users[(index + 1) % users.count])
                    group.addTask {
                        do {
                            _ = try await world.accounts.deactivate(user: user.id, by: by)
                            return 0
                        } catch AccountFailure.lastAdministrator {
                            return 1
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(refused == 1)
            let active = try await world.rows("SELECT id FROM users WHERE is_active = 1")
            #expect(active.count == 1)
        }
    }

    @Test(arguments: Engine.allCases) func listsUsersOfOnesTeams(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let second = try await world.addTeam("second")
            for number in 1...25 { _ = try await world.addUser("user\(100 + number)", .viewer) }
            let hidden = try await world.addUser("hidden", .administrator, teams: [second])
            let admin = try await world.caller(start.secretText)
            let first = try await world.accounts.listUsers(for: admin)
            #expect(first.count == 26 && first.results.count == 20)
            #expect(first.results.first?.username == "admin" && first.results.last?.username == "user119")
            let last = try await world.accounts.listUsers(for: admin, page: 2)
            #expect(last.results.map(\.username) == (120...125).map { "user\($0)" })
            #expect(try await world.accounts.listUsers(for: admin, page: 3).results.count == 0)
            #expect(try await world.accounts.listUsers(for: admin, search: "R10").count == 9)
            #expect(try await world.accounts.listUsers(for: admin, search: "%").count == 0)
            #expect(try await world.accounts.listUsers(for: .system, pageSize: 1000).count == 27)
            #expect(try await world.accounts.listUsers(for: callerOf(hidden)).results == [hidden])
            await #expect(throws: AccountFailure.notFound) {
                _ = try await world.accounts.user(hidden.id, for: admin)
            }
            await #expect(throws: AccountFailure.notFound) {
                _ = try await world.accounts.deactivate(user: hidden.id, by: admin)
            }
            await #expect(throws: AccountFailure.notFound) {
                _ = try await world.accounts.setRole(.viewer, ofUser: 4711, by: admin)
            }
            for (page, size, field) in [(0, 20, "page"), (1, 0, "page_size"), (1, 1001, "page_size")] {
                let failure = await #expect(throws: AccountFailure.self) {
                    _ = try await world.accounts.listUsers(for: admin, page: page, pageSize: size)
                }
                #expect(failure?.field == field)
            }
        }
    }

    @Test(arguments: Engine.allCases) func theSchemaIsAppliedOnce(engine: Engine) async throws {
        try await withWorld(engine) { world in
            try await Migrator(IdentitySchema.migrations).migrate(world.database)
            #expect(IdentitySchema.migrations.allSatisfy { (1...19).contains($0.number) })
            let teams = try await world.rows("SELECT id, name FROM teams")
            #expect(try teams.map { try $0.int("id") } == [Team.defaultID])
        }
    }
}
