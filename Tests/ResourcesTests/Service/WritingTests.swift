// Creating, replacing, patching and deleting: what is kept, what is refused, and in which words.

import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct WritingTests {
    @Test(arguments: Engine.allCases)
    func everythingThatGoesInComesOut(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let shelf = try await world.shelves.create(["name": "Fiction"], caller: .alice).id
            let kind = try await world.kinds.create(["name": "novel"], caller: .alice).id
            let other = try await world.book("Other")
            let made = try await world.books.create(
                [
                    "title": "Ünïcode 书 🎉 'quoted\" \\ %_", "isbn": "1", "note": "line\nline", "pages": 9_007,
                    "price": 12.5, "in_print": false, "published": "2025-10-21 18:00:00+08:00", "level": "critical",
                    "labels": ["b": "1", "a": ["x": [1, nil]]], "extra": [1, "two", nil], "tags": ["x", "y"],
                    "scores": [3, -4], "key": "let me in", "zone": "Asia/Shanghai", "shelf": .integer(shelf),
                    "kind": .integer(kind), "related": [.integer(other)],
                ],
                caller: .alice
            )
            #expect(made == (try await world.books.get(id: made.id, caller: .alice)))
            let object = try #require(made.object)
            #expect(object["title"] == "Ünïcode 书 🎉 'quoted\" \\ %_")
            #expect(object["published"] == "2025-10-21T10:00:00Z")
            #expect(object["labels"] == ["b": "1", "a": ["x": [1, nil]]])
            #expect(object["extra"] == [1, "two", nil])
            #expect(object["scores"] == [3, -4])
            #expect(object["price"] == 12.5)
            #expect(object["in_print"] == false)
            #expect(object["shelf"] == .integer(shelf))
            #expect(object["related"] == [.integer(other)])
            #expect(object["team"] == 1)
            #expect(object["created_by"] == "alice")
            #expect(object["sold"] == 1)
            #expect(object["title_length"] == 25)
            #expect(object["loans"] == 0)
            #expect(object["key"] == nil)
            #expect(object["created_at"] == object["updated_at"])
            #expect(object.keys.first == "id")
        }
    }

    @Test(arguments: Engine.allCases)
    func defaultsAndNulls(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let made = try await world.books.create(["title": "Plain", "note": nil], caller: .alice)
            for (name, value) in [
                ("level", "info"), ("in_print", true), ("labels", [:]), ("tags", []), ("note", nil), ("pages", nil),
                ("published", nil), ("shelf", nil), ("zone", "UTC"),
            ] as [(String, JSONValue)] {
                #expect(made[name] == value, "\(name)")
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func secretsAreShownOnceIfMadeHere(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let made = try await world.books.create(["title": "Made"], caller: .alice)
            #expect(made["key"] == "made-secret")
            let given = try await world.books.create(["title": "Given", "key": "my own"], caller: .alice)
            #expect(given["key"] == nil)
            for page in [try await world.books.list(query: [], caller: .alice).json] {
                #expect(!page.text.contains("key"))
                #expect(!page.text.contains("hash:"))
            }
            let stored = try await world.database.read { connection in
                try connection.query("SELECT \"key\" AS k FROM books ORDER BY id").map { try $0.text("k") }
            }
            #expect(stored == ["hash:11", "hash:6"])
            // A replace cannot mention what nobody can read: it stays.
            _ = try await world.books.replace(id: made.id, ["title": "Made again"], caller: .alice)
            _ = try await world.books.patch(id: given.id, ["key": "new"], caller: .alice)
            let later = try await world.database.read { connection in
                try connection.query("SELECT \"key\" AS k FROM books ORDER BY id").map { try $0.text("k") }
            }
            #expect(later == ["hash:11", "hash:3"])
            let audit = world.changes.all.map {
                "\(JSONValue.object($0.before).text)\(JSONValue.object($0.after).text)"
            }
            #expect(audit.joined().contains(#""key":"***""#))
            #expect(!audit.joined().contains("hash:"))
        }
    }

    @Test(arguments: Engine.allCases)
    func faultsNameTheirFields(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let long = String(repeating: "x", count: 41)
            let cases: [(JSONObject, String, String)] = [
                ([:], "title", "is required"),
                (["title": nil], "title", "must not be null"),
                (["title": ""], "title", "must not be empty"),
                (["title": 5], "title", "must be a string, not a number"),
                (["title": .string(long)], "title", "must not be longer than 40 characters"),
                (["title": "a\u{0}b"], "title", "must not contain the character U+0000"),
                (["title": "x", "titel": "y"], "titel", "is not a field of book"),
                (["title": "x", "title_length": 1], "title_length", "is worked out by the server and cannot be given"),
                (["title": "x", "id": 5], "id", "is set by the server and cannot be given"),
                (["title": "x", "team": 2], "team", "is set by the server and cannot be given"),
                (["title": "x", "sold": 2], "sold", "is set by the server and cannot be given"),
                (["title": "x", "pages": "5"], "pages", "must be an integer, not a string"),
                (["title": "x", "pages": 1.5], "pages", "must be an integer"),
                (["title": "x", "pages": 0], "pages", "must be at least 1"),
                (["title": "x", "pages": 10_001], "pages", "must be at most 10000"),
                (["title": "x", "price": true], "price", "must be a number, not a boolean"),
                (["title": "x", "in_print": 1], "in_print", "must be a boolean, not a number"),
                (["title": "x", "in_print": nil], "in_print", "must not be null"),
                (["title": "x", "published": "soon"], "published", "is not a time"),
                (["title": "x", "level": "high"], "level", #"must be one of "critical", "warning", "info""#),
                (["title": "x", "labels": []], "labels", "must be an object, not an array"),
                (["title": "x", "extra": [:]], "extra", "must be an array, not an object"),
                (["title": "x", "tags": ["a", 1]], "tags", "must be an array whose elements are each a string"),
                (["title": "x", "scores": [1, 2.5]], "scores", "must be an array whose elements are each an integer"),
                (["title": "x", "zone": "Mars"], "zone", "is no zone"),
                (["title": "x", "shelf": 99], "shelf", "refers to shelf 99, which does not exist"),
                (["title": "x", "related": [98, 99]], "related", "refers to book 98, 99, which does not exist"),
                (["title": "forbidden"], "title", "is on the index"),
                (["title": "fails late"], "title", "fails late"),
            ]
            for (body, field, message) in cases {
                let error = await resourceError { _ = try await world.books.create(body, caller: .alice) }
                #expect(error?.errors.count == 1, "\(field): \(String(describing: error))")
                #expect(error?.errors.first?.field == field)
                #expect(error?.errors.first?.message.hasPrefix(message) == true, "\(String(describing: error))")
                #expect(error?.status == 400)
            }
            let several = await resourceError {
                _ = try await world.books.create(["pages": 0, "nonsense": 1, "level": 3], caller: .alice)
            }
            #expect(Set(several?.errors.map(\.field) ?? []) == ["title", "pages", "nonsense", "level"])
            let big: JSONValue = ["x": .string(String(repeating: "y", count: 2000))]
            let oversized = await resourceError {
                _ = try await world.books.create(["title": "x", "labels": big], caller: .alice)
            }
            #expect(oversized?.errors.first?.message == "must not be longer than 2000 bytes of JSON")
            let rows = try await world.books.list(query: [], caller: .admin)
            #expect(rows.count == 0)
            #expect(world.changes.all.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func replaceIsWholeAndPatchIsPart(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let id = try await world.book("One", ["note": "n", "pages": 7, "level": "warning", "isbn": "i"])
            let patched = try await world.books.patch(id: id, ["pages": nil, "title": "Two"], caller: .alice)
            #expect(patched["title"] == "Two")
            #expect(patched["pages"] == JSONValue.null)
            #expect(patched["note"] == "n")
            #expect(patched["level"] == "warning")
            let replaced = try await world.books.replace(id: id, ["title": "Three"], caller: .alice)
            #expect(replaced["note"] == JSONValue.null)
            #expect(replaced["level"] == "info")
            #expect(replaced["isbn"] == "i")
            #expect(replaced["sold"] == 1)
            let missing = await resourceError {
                _ = try await world.books.replace(id: id, ["note": "x"], caller: .alice)
            }
            #expect(missing == .invalid("title", "is required"))
            let fixed = await resourceError { _ = try await world.books.patch(id: id, ["isbn": "j"], caller: .alice) }
            #expect(fixed == .invalid("isbn", "is set at creation and cannot be changed"))
            let server = await resourceError { _ = try await world.books.patch(id: id, ["sold": 9], caller: .alice) }
            #expect(server == .invalid("sold", "is set by the server and cannot be changed"))
            let moved = await resourceError { _ = try await world.books.patch(id: id, ["team": 2], caller: .both) }
            #expect(moved == .invalid("team", "is set by the server and cannot be changed"))
        }
    }

    @Test(arguments: Engine.allCases)
    func whatWasReadCanBeSentBack(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let id = try await world.book("One", ["isbn": "i", "price": 3, "published": 1_761_040_800])
            var object = try #require(try await world.books.get(id: id, caller: .alice).object)
            let unchanged = try await world.books.replace(id: id, object, caller: .alice)
            #expect(unchanged == .object(object))
            #expect(world.changes.all.count == 1)
            object["note"] = "edited"
            let edited = try await world.books.replace(id: id, object, caller: .alice)
            #expect(edited["note"] == "edited")
            #expect(edited["updated_at"] != object["updated_at"])
            let stale = await resourceError { _ = try await world.books.replace(id: id, object, caller: .alice) }
            #expect(stale?.status == 409)
            #expect(stale?.errors.first?.field == "updated_at")
        }
    }

    @Test(arguments: Engine.allCases)
    func takenValuesAreConflicts(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let id = try await world.book("One", ["isbn": "same"])
            let second = try await world.book("Two", ["isbn": "other"])
            let taken = await resourceError { try await world.book("Three", ["isbn": "same"], by: .bob) }
            #expect(taken?.status == 409)
            #expect(taken?.errors == [FieldError("isbn", "is taken")])
            #expect(taken?.message == "a book with this isbn exists already")
            // Null is not a value that could be taken.
            try await world.book("Four")
            try await world.book("Five")
            _ = (id, second)
            _ = try await world.shelves.create(["name": "A"], caller: .alice)
            let sameTeam = await resourceError { _ = try await world.shelves.create(["name": "A"], caller: .alice) }
            #expect(sameTeam?.errors == [FieldError("name", "is taken")])
            _ = try await world.shelves.create(["name": "A"], caller: .bob)
            let b = try await world.shelves.create(["name": "B"], caller: .bob)
            let renamed = await resourceError {
                _ = try await world.shelves.patch(id: b.id, ["name": "A"], caller: .bob)
            }
            #expect(renamed?.status == 409)
        }
    }

    @Test(arguments: Engine.allCases)
    func whatIsReferredToStays(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let shelf = try await world.shelves.create(["name": "S"], caller: .alice).id
            let a = try await world.book("A", ["shelf": .integer(shelf)])
            let b = try await world.book("B", ["shelf": .integer(shelf), "related": [.integer(a)]])
            let refused = await resourceError { try await world.shelves.delete(id: shelf, caller: .alice) }
            #expect(refused?.status == 409)
            #expect(refused?.errors == [FieldError("book", "2 rows refer to it by shelf: \(a), \(b)")])
            let related = await resourceError { try await world.books.delete(id: a, caller: .alice) }
            #expect(related?.errors == [FieldError("book", "1 row refers to it by related: \(b)")])
            _ = try await world.database.write { connection in
                try connection.execute("INSERT INTO loans (book_id) VALUES ($1)", [.integer(b)])
            }
            #expect(try await world.books.get(id: b, caller: .alice)["loans"] == 1)
            let lent = await resourceError { try await world.books.delete(id: b, caller: .alice) }
            #expect(lent?.errors == [FieldError("loans", "1 row refers to it")])
            _ = try await world.database.write { try $0.execute("DELETE FROM loans") }
            try await world.books.delete(id: b, caller: .alice)
            try await world.books.delete(id: a, caller: .alice)
            try await world.shelves.delete(id: shelf, caller: .alice)
            #expect(await resourceError { try await world.shelves.delete(id: shelf, caller: .alice) } == .notFound)
        }
    }

    @Test(arguments: Engine.allCases)
    func theAuditSeesWhatChanged(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let id = try await world.book("One", ["note": "n", "published": 0])
            _ = try await world.books.patch(id: id, ["note": "m", "published": 1], caller: .alice, requestID: "r-1")
            _ = try await world.books.patch(id: id, ["note": "m"], caller: .alice)
            try await world.books.delete(id: id, caller: .admin)
            let changes = world.changes.all
            #expect(changes.map(\.action) == [.create, .update, .delete])
            #expect(changes.allSatisfy { $0.resource == "book" && $0.id == id && $0.team == 1 })
            #expect(changes[0].before.isEmpty)
            #expect(changes[0].after["title"] == "One")
            #expect(Set(changes[1].before.keys) == ["note", "published", "updated_at"])
            #expect(changes[1].before["note"] == "n")
            #expect(changes[1].after["note"] == "m")
            #expect(changes[1].after["published"] == "1970-01-01T00:00:01Z")
            #expect(changes[1].requestID == "r-1")
            #expect(changes[2].after.isEmpty)
            #expect(changes[2].caller.username == "root")
            let entry = changes[1].auditEntry
            #expect(entry.action == "book.update")
            #expect(entry.objectID == String(id))
        }
    }

    @Test(arguments: Engine.allCases)
    func aFailingAuditUndoesTheWrite(_ engine: Engine) async throws {
        struct Full: Error {}
        try await withWorld(engine) { world in
            let books = try ResourceService(
                Library.book,
                catalog: try Library.catalog(),
                database: world.database,
                audit: { _, _ in throw Full() }
            )
            await #expect(throws: Full.self) { try await books.create(["title": "x"], caller: .alice) }
            #expect(try await world.books.list(query: [], caller: .alice).count == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func writesInAnothersTransaction(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let books = world.books
            let id = try await world.database.write { connection in
                let made = try books.create(["title": "in"], caller: .alice, on: connection)
                return try books.patch(id: made.id, ["note": "x"], caller: .alice, on: connection).id
            }
            #expect(try await world.books.get(id: id, caller: .alice)["note"] == "x")
            struct Regret: Error {}
            await #expect(throws: Regret.self) {
                try await world.database.write { connection in
                    _ = try books.create(["title": "out"], caller: .alice, on: connection)
                    throw Regret()
                }
            }
            #expect(try await world.titles([]) == ["in"])
        }
    }
}
