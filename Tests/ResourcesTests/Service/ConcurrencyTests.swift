// Writes that happen at the same time: none is lost, and only one wins where only one may.

import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct ConcurrencyTests {
    @Test(arguments: Engine.allCases)
    func changesOfDifferentFieldsAllStay(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let id = try await world.book("One")
            let bodies: [JSONObject] = [
                ["note": "n"], ["pages": 5], ["price": 2.5], ["level": "warning"], ["tags": ["t"]], ["in_print": false],
                ["zone": "Europe/Berlin"], ["labels": ["a": "b"]],
            ]
            let moments = try await withThrowingTaskGroup(of: String?.self) { group in
                for body in bodies {
                    group.addTask { try await world.books.patch(id: id, body, caller: .alice)["updated_at"]?.string }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let after = try await world.books.get(id: id, caller: .alice)
            for body in bodies {
                for (name, value) in body { #expect(after[name] == value, "\(name)") }
            }
            // Every change has a moment of its own, so that each state can be told from the others.
            #expect(Set(moments).count == bodies.count)
        }
    }

    @Test(arguments: Engine.allCases)
    func ofTwoWhoSawTheSameStateOneWins(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let made = try await world.books.create(["title": "One"], caller: .alice)
            let seen = try #require(made["updated_at"])
            let outcomes = await withTaskGroup(of: ResourceError?.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        await resourceError {
                            _ = try await world.books.patch(
                                id: made.id,
                                ["note": .string("by \(number)"), "updated_at": seen],
                                caller: .alice
                            )
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1)
            #expect(outcomes.count { $0?.status == 409 } == 7)
        }
    }

    @Test(arguments: Engine.allCases)
    func aNameIsTakenOnce(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            let outcomes = await withTaskGroup(of: ResourceError?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        await resourceError { _ = try await world.shelves.create(["name": "S"], caller: .alice) }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == nil } == 1)
            #expect(outcomes.count { $0?.errors == [FieldError("name", "is taken")] } == 7)
            let rows = try await world.shelves.list(query: [], caller: .alice)
            #expect(rows.count == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func noReferenceOutlivesItsTarget(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            for round in 0..<10 {
                let target = try await world.book("target \(round)")
                async let deletion = resourceError { try await world.books.delete(id: target, caller: .alice) }
                async let creation = resourceError {
                    try await world.book("referrer \(round)", ["related": [.integer(target)]])
                }
                let (deleted, created) = await (deletion, creation)
                #expect((deleted == nil) != (created == nil), "\(String(describing: (deleted, created)))")
            }
        }
    }
}
