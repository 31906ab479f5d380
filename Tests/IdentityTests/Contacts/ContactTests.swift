// Where people are reached: set, changed, and found by name.

import Accounts
import Identity
import JSON
import Storage
import Testing

@Suite struct ContactTests {
    @Test(arguments: Engine.allCases) func contactsAreFoundByName(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let accounts = world.accounts
            func add(_ name: String, _ domain: String?, _ email: String, _ wecom: String) async throws -> User {
                try await accounts.createUser(
                    NewUser(
                        username: name,
                        domain: domain,
                        password: World.password,
                        role: .viewer,
                        email: email,
                        wecomID: wecom
                    ),
                    by: .system
                )
            }
            _ = try await add("ann", "elsewhere.org", "ann@elsewhere.org", "ann.other")
            let ann = try await add("ann", nil, "ann@example.com", "ann1")
            _ = try await add("bob", "elsewhere.org", "", "bob1")
            let mail = try await add("me@example.com", nil, "", "me1")
            #expect(ann.json["email"] == "ann@example.com" && ann.json["wecom_id"] == "ann1")
            _ = try await accounts.deactivate(user: mail.id, by: .system)

            let names = ["ann", "bob", "nobody", "x@y.org", "me@example.com", "ann"]
            let found = try await world.database.read { try ContactBook.contacts(names, on: $0) }
            #expect(found["ann"] == Contact(entry: "ann", email: "ann@example.com", wecomID: "ann1"))
            #expect(found["bob"]?.wecomID == "bob1" && found["bob"]?.email == "")
            #expect(found["nobody"] == nil)
            #expect(found["x@y.org"] == Contact(entry: "x@y.org", email: "x@y.org"))
            #expect(found["me@example.com"]?.email == "me@example.com")
            #expect(found["me@example.com"]?.isActive == false)
            #expect(try await world.database.read { try ContactBook.contacts([], on: $0) }.isEmpty)
            let many = (0..<1_200).map { "user\($0)" } + ["ann"]
            #expect(try await world.database.read { try ContactBook.contacts(many, on: $0) }.count == 1)
        }
    }

    @Test(arguments: Engine.allCases) func contactsAreChanged(engine: Engine) async throws {
        try await withWorld(engine) { world in
            let start = try await world.start()
            let ann = try await world.addUser("ann", .viewer)
            let token = try await world.accounts.login(username: "ann", password: World.password).token
            let changed = try await world.accounts.setContact(
                email: " ann@example.com ",
                wecomID: "Ann.1",
                ofUser: ann.id,
                by: callerOf(ann)
            )
            #expect(changed.email == "ann@example.com" && changed.wecomID == "Ann.1")
            let less = try await world.accounts.setContact(email: "", ofUser: ann.id, by: .system)
            #expect(less.email == "" && less.wecomID == "Ann.1", "what is not given stays")
            _ = try await world.caller(token)
            let audit = try await world.rows(
                "SELECT after_json FROM audit_log WHERE action = 'user.set_contact' ORDER BY id"
            )
            #expect(audit.count == 2)
            await #expect(throws: CredentialFailure.self) {
                _ = try await world.accounts.setContact(email: "", ofUser: start.user.id, by: callerOf(ann))
            }
            for (email, wecomID, field) in [
                ("nonsense", nil, "email"), ("a b@c.d", nil, "email"), (nil, "a|b", "wecom_id"),
                (nil, "@all", "wecom_id"),
            ] as [(String?, String?, String)] {
                let failure = await #expect(throws: AccountFailure.self) {
                    _ = try await world.accounts.setContact(
                        email: email,
                        wecomID: wecomID,
                        ofUser: ann.id,
                        by: .system
                    )
                }
                #expect(failure?.field == field)
            }
        }
    }

    @Test func addressesAreTakenByTheirForm() {
        for good in ["a@b.c", "ann.o'neil+ops@mail.example.com", "x@localhost"] {
            #expect(MailAddressRule.problem(good) == nil, "\(good)")
        }
        for bad in [
            "", "a", "a@", "@b", "a@b@c", "a b@c", "a@b..c", "a@-b", "<a@b.c>", "a@b.c\r\nBcc: x@y.z", "a,b@c.d",
            "ä@b.c", String(repeating: "a", count: 65) + "@b.c",
        ] {
            #expect(MailAddressRule.problem(bad) != nil, "\(bad)")
        }
    }
}
