// Permissions, teams and verbs: who may do what, and how little the others learn.

import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct RightsTests {
    @Test(arguments: Engine.allCases)
    func rowsOfOtherTeamsDoNotExist(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let id = try await world.book("Ours", ["isbn": "1"])
            for stranger in [Caller.bob, .nobody] {
                #expect(try await world.books.list(query: [], caller: stranger).count == 0)
                #expect(try await world.books.list(query: [("team", "1")], caller: stranger).count == 0)
                #expect(try await world.books.list(query: [("search", "Ours")], caller: stranger).count == 0)
                let failures = [
                    await resourceError { _ = try await world.books.get(id: id, caller: stranger) },
                    await resourceError { _ = try await world.books.patch(id: id, ["note": "x"], caller: stranger) },
                    await resourceError { _ = try await world.books.replace(id: id, ["title": "x"], caller: stranger) },
                    await resourceError { try await world.books.delete(id: id, caller: stranger) },
                ]
                #expect(failures == Array(repeating: .notFound, count: 4))
            }
            for friend in [Caller.admin, .both, .system, .viewer] {
                #expect(try await world.books.get(id: id, caller: friend)["title"] == "Ours")
                #expect(try await world.books.list(query: [], caller: friend).count == 1)
            }
            #expect(try await world.books.get(id: id, caller: .alice)["note"] == JSONValue.null)
        }
    }

    @Test(arguments: Engine.allCases)
    func newRowsBelongToTheCurrentTeam(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let current = try await world.books.create(["title": "x"], caller: .both)
            #expect(current["team"] == 2)
            let other = try await world.books.create(["title": "x"], caller: .both, team: 1)
            #expect(other["team"] == 1)
            let any = try await world.books.create(["title": "x"], caller: .admin, team: 9)
            #expect(any["team"] == 9)
            let foreign = await resourceError {
                _ = try await world.books.create(["title": "x"], caller: .bob, team: 1)
            }
            #expect(foreign == .invalid("team", "is not a team of the caller"))
            let homeless = await resourceError { _ = try await world.books.create(["title": "x"], caller: .nobody) }
            #expect(homeless?.errors.first?.field == "team")
        }
    }

    @Test(arguments: Engine.allCases)
    func referencesDoNotReachIntoOtherTeams(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let shelf = try await world.shelves.create(["name": "Ours"], caller: .alice).id
            let foreign = await resourceError {
                try await world.book("x", ["shelf": .integer(shelf)], by: .bob)
            }
            #expect(foreign == .invalid("shelf", "refers to shelf \(shelf), which does not exist"))
            // A person of both teams may; the refusal to delete then counts the other team's row without naming it.
            let theirs = try await world.book("x", ["shelf": .integer(shelf)], by: .both)
            let refused = await resourceError { try await world.shelves.delete(id: shelf, caller: .alice) }
            #expect(refused?.errors == [FieldError("book", "1 row refers to it by shelf")])
            let named = await resourceError { try await world.shelves.delete(id: shelf, caller: .admin) }
            #expect(named?.errors == [FieldError("book", "1 row refers to it by shelf: \(theirs)")])
        }
    }

    @Test(arguments: Engine.allCases)
    func permissionsComeFirst(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let id = try await world.book("x")
            let forbidden = ResourceError.forbidden(.alertsManage)
            let failures = [
                await resourceError { _ = try await world.books.create(["nonsense": 1], caller: .viewer) },
                await resourceError { _ = try await world.books.patch(id: id, [:], caller: .viewer) },
                await resourceError { _ = try await world.books.replace(id: id, [:], caller: .viewer) },
                await resourceError { try await world.books.delete(id: id, caller: .viewer) },
            ]
            #expect(failures == Array(repeating: forbidden, count: 4))
            #expect(forbidden.status == 403)
            #expect(forbidden.message.contains("alerts.manage"))
        }
    }

    @Test(arguments: Engine.allCases)
    func verbsThatAreNotThere(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            var readOnly = Library.kind
            readOnly.operations = [.list, .get]
            let kinds = try ResourceService(
                readOnly,
                catalog: try ResourceCatalog([readOnly]),
                database: world.database
            )
            #expect(
                await resourceError { _ = try await kinds.create(["name": "x"], caller: .admin) }
                    == .notAllowed(.create)
            )
            #expect(await resourceError { try await kinds.delete(id: 1, caller: .admin) }?.status == 405)
            #expect(try await kinds.list(query: [], caller: .nobody).count == 0)
        }
    }

    @Test func rowNumbersInPaths() throws {
        #expect(try ResourceService.id("12") == 12)
        for text in ["", "0", "-1", "+1", "1.0", "abc", "1 ", "99999999999999999999", "１"] {
            #expect(throws: ResourceError.notFound) { try ResourceService.id(text) }
        }
    }
}
