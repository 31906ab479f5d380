// The first start makes one administrator, once.

import Accounts
import Foundation
import Identity
import Storage
import Testing

@Suite struct FirstStartTests {
    @Test(arguments: Engine.allCases) func happensOnce(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try #require(try await world.accounts.firstStart())
            #expect(start.user.username == "admin" && start.user.domain == "domain.com")
            #expect(start.user.role == .administrator && start.user.teams == [1])
            #expect(start.password.reveal().count == 20)
            #expect(try await world.caller(start.secretText).userID == start.user.id)
            let login = try await world.accounts.login(username: "admin", password: start.password)
            #expect(try await world.caller(login.token).userID == start.user.id)
            #expect(try await world.accounts.firstStart() == nil)
            #expect(try await world.rows("SELECT id FROM users").count == 1)
        }
    }

    @Test(arguments: Engine.allCases) func takesWhatIsGiven(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let secret = Secret("bkls_chosen-by_the_operator0")
            let start = try #require(
                try await world.accounts.firstStart(password: Secret("chosen password"), secret: secret)
            )
            #expect(start.secretText.matches(secret))
            _ = try await world.accounts.login(username: "admin", password: Secret("chosen password"))
            #expect(try await world.caller(secret).may(.accountManage))
        }
    }

    @Test func emptyMeansMadeUp() async throws {
        try await withWorld(.sqlite) { world in
            let start = try #require(try await world.accounts.firstStart(password: Secret(""), secret: Secret("")))
            #expect(start.password.reveal().count == 20 && APISecretFormat.isValid(start.secretText.reveal()))
        }
    }

    @Test func refusesWeakChoices() async throws {
        try await withWorld(.sqlite) { world in
            for (password, secret, field) in [
                ("short", "", "OPSGATE_ADMIN_PASSWORD"), ("", "bkls_short", "OPSGATE_ADMIN_SECRET"),
                ("", "sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "OPSGATE_ADMIN_SECRET"),
            ] {
                let failure = await #expect(throws: AccountFailure.self) {
                    _ = try await world.accounts.firstStart(password: Secret(password), secret: Secret(secret))
                }
                #expect(failure?.field == field)
            }
            let users = try await world.rows("SELECT id FROM users")
            #expect(users.isEmpty)
        }
    }

    /// Two nodes start on one empty database.
    @Test(arguments: Engine.allCases) func ofManyAtOnceOneWins(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<6 { group.addTask { try await world.accounts.firstStart() != nil } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(made == 1)
            #expect(try await world.rows("SELECT id FROM users").count == 1)
            #expect(try await world.rows("SELECT id FROM api_secrets").count == 1)
        }
    }

    /// Everything secret that goes through the services, searched for in everything that is stored.
    @Test(arguments: Engine.allCases) func noSecretIsStored(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            let login = try await world.accounts.login(username: "admin", password: World.password)
            let made = try await world.secrets.generate(name: "n", description: "d", for: admin)
            _ = try await world.caller(made.secret)
            _ = try? await world.accounts.login(username: "typed-my-passphrase-here", password: Secret("nothing-here"))
            try await world.secrets.delete(made.record.id, by: admin)
            let secrets = [
                start.secretText.reveal(), World.password.reveal(), login.token.reveal(), made.secret.reveal(),
                "typed-my-passphrase-here", "nothing-here",
            ]
            let tables = [
                "teams", "users", "user_teams", "api_secrets", "audit_log", "login_failures", "schema_migrations",
            ]
            for table in tables {
                let rows = try await world.rows("SELECT * FROM \(table)")
                #expect(!rows.isEmpty, "\(table) is empty: the search would show nothing")
                for value in rows.flatMap(\.values) {
                    let text = "\(value)"
                    for secret in secrets { #expect(!text.contains(secret), "\(table) holds a secret") }
                }
            }
            guard engine == .sqlite else { return }
            var searched = 0
            for name in try FileManager.default.contentsOfDirectory(atPath: world.folder) {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: world.folder + "/" + name))
                searched += bytes.count
                for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name) holds a secret") }
            }
            #expect(searched > 10_000)
        }
    }
}
