// The audit log: in the same transaction, with secrets masked.

import Accounts
import Identity
import JSON
import Storage
import Testing

@Suite struct AuditTests {
    @Test func secretsAreMasked() {
        let value: JSONValue = [
            "name": "mail",
            "smtp_password": "hunter2",
            "empty_password": "",
            "has_secret": true,
            "token_count": 12,
            "config": ["corp_secret": "abc", "webhook_url": "https://example.org/send?key=1", "port": 465],
            "api_keys": ["sk-1", "sk-2"],
            "credentials": ["user": "a", "pass": "b"],
            "note": "use bkls_abcdefghijklmnopqrst for it",
            "prefix": "bkls_abcdef",
            "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl",
            "list": [["password": "x"], "plain"],
        ]
        let expected: JSONValue = [
            "name": "mail",
            "smtp_password": "***",
            "empty_password": "",
            "has_secret": true,
            "token_count": 12,
            "config": ["corp_secret": "***", "webhook_url": "***", "port": 465],
            "api_keys": ["***", "***"],
            "credentials": "***",
            "note": "***",
            "prefix": "bkls_abcdef",
            "jwt": "***",
            "list": [["password": "***"], "plain"],
        ]
        #expect(AuditMask.masked(value) == expected)
        let entry = AuditEntry(
            by: .system,
            action: "channel.update",
            objectType: "channel",
            objectID: "1",
            before: value,
            after: value,
            at: 0
        )
        #expect(entry.before == expected && entry.after == expected)
    }

    @Test(arguments: Engine.allCases) func everyChangeLeavesARow(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let admin = try await world.caller(start.secretText)
            let user = try await world.accounts.createUser(
                NewUser(username: "vera", password: World.password, role: .viewer),
                by: admin,
                requestID: "req-1"
            )
            _ = try await world.accounts.setRole(.operator, ofUser: user.id, by: admin, requestID: "req-2")
            try await world.accounts.setPassword(
                Secret("a new password"),
                ofUser: user.id,
                by: admin,
                requestID: "req-3"
            )
            _ = try await world.accounts.login(
                username: "vera",
                password: Secret("a new password"),
                requestID: "req-4"
            )
            let made = try await world.secrets.generate(name: "n", for: admin, requestID: "req-5")
            try await world.secrets.delete(made.record.id, by: admin, requestID: "req-6")
            _ = try await world.accounts.deactivate(user: user.id, by: admin, requestID: "req-7")

            let rows = try await world.rows("SELECT * FROM audit_log ORDER BY id")
            #expect(
                try rows.map { try $0.text("action") } == [
                    "user.create", "api_secret.create", "user.create", "user.set_role", "user.set_password",
                    "user.login", "api_secret.create", "api_secret.delete", "user.deactivate",
                ]
            )
            #expect(
                try rows.map { try $0.text("request_id") } == [
                    "", "", "req-1", "req-2", "req-3", "req-4", "req-5", "req-6", "req-7",
                ]
            )
            #expect(try rows.allSatisfy { try $0.int("team") == Team.defaultID && $0.int("at") == world.clock.now })
            let role = rows[3]
            #expect(try role.text("username") == "admin")
            #expect(try role.text("credential_kind") == "api_secret")
            #expect(try role.int("credential_id") == start.secret.id)
            #expect(try role.text("object_type") == "user" && role.text("object_id") == String(user.id))
            #expect(try JSONValue(parsing: role.text("before_json"))["role"]?.string == "viewer")
            #expect(try JSONValue(parsing: role.text("after_json"))["role"]?.string == "operator")
            #expect(try rows[7].optionalText("after_json") == nil)
            #expect(try JSONValue(parsing: rows[7].text("before_json"))["prefix"]?.string == made.record.prefix)
        }
    }

    /// Both are kept or neither.
    @Test(arguments: Engine.allCases) func withoutItsAuditRowNothingChanges(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let broken = AccountService(
                database: world.database,
                authenticator: world.authenticator,
                hasher: PasswordHasher(cost: World.cheap),
                audit: BrokenAudit(),
                clock: world.clock.wallClock
            )
            let brokenSecrets = APISecretService(
                database: world.database,
                authenticator: world.authenticator,
                audit: BrokenAudit(),
                clock: world.clock.wallClock
            )
            let admin = try await world.caller(start.secretText)
            await #expect(throws: BrokenAudit.Failure.self) {
                _ = try await broken.createUser(
                    NewUser(username: "x", password: World.password, role: .viewer),
                    by: admin
                )
            }
            await #expect(throws: BrokenAudit.Failure.self) {
                _ = try await brokenSecrets.generate(name: "x", for: admin)
            }
            await #expect(throws: BrokenAudit.Failure.self) {
                try await brokenSecrets.delete(start.secret.id, by: admin)
            }
            #expect(try await world.rows("SELECT id FROM users").count == 1)
            #expect(try await world.rows("SELECT id FROM api_secrets").count == 1)
            _ = try await world.caller(start.secretText)
        }
    }
}

private struct BrokenAudit: AuditSink {
    struct Failure: Error {}

    func record(_ entry: AuditEntry, on connection: any SQLConnection) throws {
        throw Failure()
    }
}
