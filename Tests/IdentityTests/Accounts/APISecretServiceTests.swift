// API secrets: made, listed, deleted, and by whom.

import Accounts
import Identity
import JSON
import Storage
import Testing

@Suite struct APISecretServiceTests {
    @Test(arguments: Engine.allCases) func toldOnceKeptAsHash(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            let made = try await world.secrets.generate(
                name: " 第三方应用接入 ",
                description: "first\nsecond",
                expiresAt: world.clock.now + 60_000,
                for: admin
            )
            #expect(made.record.name == "第三方应用接入" && made.record.description == "first\nsecond")
            #expect(made.record.expiresAt == world.clock.now + 60_000 && made.record.lastUsedAt == nil)
            #expect(made.record.username == "admin" && made.record.team == Team.defaultID)
            let text = made.secret.reveal()
            #expect(made.record.prefix == text.prefix(11))
            #expect(!made.record.json.text.contains(text))
            let row = try #require(
                try await world.rows("SELECT * FROM api_secrets WHERE id = $1", [.integer(made.record.id)]).first
            )
            let hash = try row.text("hash")
            #expect(hash == CredentialHash(of: text).hexadecimal)
            #expect(!hash.contains(text) && !hash.contains(text.dropFirst(5)) && hash != text)
            #expect(try await world.secrets.secret(made.record.id, for: admin) == made.record)
        }
    }

    @Test(arguments: Engine.allCases) func eachSeesTheirOwn(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            let second = try await world.addTeam("second")
            let one = callerOf(try await world.addUser("one", .operator))
            let two = callerOf(try await world.addUser("two", .operator))
            let far = callerOf(try await world.addUser("far", .operator, teams: [second]))
            let ofOne = try await world.secrets.generate(name: "of one", for: one).record
            let ofTwo = try await world.secrets.generate(name: "of two", for: two).record
            let ofFar = try await world.secrets.generate(name: "of far", for: far).record

            #expect(try await world.secrets.list(for: one).results == [ofOne])
            #expect(try await world.secrets.list(for: far).results == [ofFar])
            let all = try await world.secrets.list(for: admin)
            #expect(all.count == 3 && all.results.map(\.id) == [ofTwo.id, ofOne.id, start.secret.id])
            #expect(try await world.secrets.list(for: admin, userID: one.userID).results == [ofOne])
            #expect(try await world.secrets.list(for: one, userID: two.userID).results.count == 0)
            #expect(try await world.secrets.list(for: admin, search: "OF O").results == [ofOne])
            #expect(try await world.secrets.list(for: .system).count == 4)

            for (id, caller) in [(ofTwo.id, one), (ofFar.id, admin), (4711, admin)] {
                await #expect(throws: AccountFailure.notFound) { try await world.secrets.delete(id, by: caller) }
                await #expect(throws: AccountFailure.notFound) { _ = try await world.secrets.secret(id, for: caller) }
            }
            try await world.secrets.delete(ofOne.id, by: one)
            try await world.secrets.delete(ofTwo.id, by: admin)
            await #expect(throws: AccountFailure.notFound) { try await world.secrets.delete(ofTwo.id, by: admin) }
            #expect(try await world.secrets.list(for: admin).count == 1)
        }
    }

    @Test(arguments: Engine.allCases) func pages(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            for number in 1...24 { _ = try await world.secrets.generate(name: "s\(number)", for: admin) }
            let first = try await world.secrets.list(for: admin, page: 1, pageSize: 10)
            #expect(first.count == 25 && first.results.map(\.name) == (15...24).reversed().map { "s\($0)" })
            #expect(try await world.secrets.list(for: admin, page: 3, pageSize: 10).results.count == 5)
            #expect(try await world.secrets.list(for: admin, page: 4, pageSize: 10).results.count == 0)
            let failure = await #expect(throws: AccountFailure.self) {
                _ = try await world.secrets.list(for: admin, pageSize: 1001)
            }
            #expect(failure?.field == "page_size")
        }
    }

    @Test func refusesBadOnes() async throws {
        try await withWorld(.sqlite) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            let cases: [(String, String, Int64?, String)] = [
                ("", "", nil, "name"), ("   ", "", nil, "name"), (String(repeating: "n", count: 101), "", nil, "name"),
                ("a\nb", "", nil, "name"), ("a", String(repeating: "d", count: 1001), nil, "description"),
                ("a", "\u{1B}[31m", nil, "description"), ("a", "", world.clock.now, "expires_at"),
                ("a", "", 0, "expires_at"),
            ]
            for (name, description, expiresAt, field) in cases {
                let failure = await #expect(throws: AccountFailure.self) {
                    _ = try await world.secrets.generate(
                        name: name,
                        description: description,
                        expiresAt: expiresAt,
                        for: admin
                    )
                }
                #expect(failure?.field == field, "\(field)")
            }
        }
    }

    @Test func needsThePermission() async throws {
        try await withWorld(.sqlite) { world in
            let start = try await world.start()
            let viewer = callerOf(try await world.addUser("v", .viewer))
            let refusal = CredentialFailure.forbidden(.secretManage)
            await #expect(throws: refusal) { _ = try await world.secrets.generate(name: "x", for: viewer) }
            await #expect(throws: refusal) { _ = try await world.secrets.list(for: viewer) }
            await #expect(throws: refusal) { try await world.secrets.delete(start.secret.id, by: viewer) }
            let other = try await world.addUser("o", .operator)
            await #expect(throws: CredentialFailure.forbidden(.accountManage)) {
                _ = try await world.secrets.generate(name: "x", forUser: other, by: callerOf(other))
            }
        }
    }

    @Test(arguments: Engine.allCases) func administratorsMakeThemForOthers(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let user = try await world.addUser("robot", .viewer)
            let made = try await world.secrets.generate(name: "r", forUser: user, by: .system)
            let caller = try await world.caller(made.secret)
            #expect(caller.userID == user.id && caller.role == .viewer && caller.userID != start.user.id)
            #expect(made.record.userID == user.id && made.record.username == "robot")
        }
    }

    @Test func aUserHasABoundedNumber() async throws {
        try await withWorld(.sqlite) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            try await world.database.write { connection in
                for number in 1..<APISecretService.maximumPerUser {
                    try connection.execute(
                        """
                        INSERT INTO api_secrets (name, user_id, team, hash, prefix, created_at)
                        VALUES ('x', $1, 1, $2, 'bkls_x', 0)
                        """,
                        [.integer(admin.userID), .text("hash \(number)")]
                    )
                }
            }
            await #expect(throws: AccountFailure.tooManySecrets(maximum: APISecretService.maximumPerUser)) {
                _ = try await world.secrets.generate(name: "one too many", for: admin)
            }
        }
    }
}
