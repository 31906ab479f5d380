// What owners add: hooks around writes, rules of several fields, references that nobody declared.

import Identity
import JSON
import Resources
import Storage
import Support
import Testing

@Suite struct HookTests {
    /// A rack of slots: slots are the rack's own and go with it; cables refer to racks behind the catalogue's back.
    private static let rack = Resource(
        name: "rack",
        title: "Rack",
        path: "/r",
        table: "racks",
        permissions: Library.permissions,
        fields: [
            Field("row", .integer, required: true), Field("place", .integer, required: true),
            Field("label", .string, readOnly: true),
        ],
        uniqueTogether: [["team", "row", "place"]],
        indexes: [["row", "label"]],
        hooks: ResourceHooks(
            beforeWrite: { record, _ in
                record.set("label", "\(record.integer("row") ?? 0)/\(record.integer("place") ?? 0)")
            },
            afterWrite: { record, context in
                guard context.operation == .create else { return }
                try context.connection.execute(fragment: "INSERT INTO slots (rack_id) VALUES (\(record.id))")
            },
            beforeDelete: { record, context in
                if record.integer("row") == 13 { throw ResourceError.conflict(message: "row 13 stays", errors: []) }
                try context.connection.execute(fragment: "DELETE FROM slots WHERE rack_id = \(record.id)")
            },
            afterDelete: { record, context in
                try context.connection.execute(
                    fragment: "INSERT INTO graves (label) VALUES (\(record.text("label") ?? ""))"
                )
            }
        ),
        computed: [ComputedField("broken", schema: ["type": "null"], page: { _, _, _ in [] })]
    )

    private func withRacks(_ engine: Engine, _ body: (ResourceService, any Database) async throws -> Void) async throws
    {
        try await withWorld(engine) { world in
            _ = try await world.database.write { connection in
                let dialect = connection.dialect
                let statements =
                    Self.rack.createTableStatements(dialect) + [
                        "CREATE TABLE slots (rack_id BIGINT NOT NULL REFERENCES racks (id))",
                        "CREATE TABLE cables (rack_id BIGINT NOT NULL REFERENCES racks (id))",
                        "CREATE TABLE graves (label TEXT NOT NULL)",
                    ]
                for statement in statements { try connection.execute(statement) }
            }
            #expect(try await Self.rack.schemaProblems(world.database).isEmpty)
            let racks = try ResourceService(
                Self.rack,
                catalog: try ResourceCatalog([Self.rack]),
                database: world.database
            )
            try await body(racks, world.database)
        }
    }

    private func count(_ table: String, _ database: any Database) async throws -> Int64 {
        try await database.read { connection in
            try connection.query(fragment: "SELECT COUNT(*) AS total FROM \(raw: table)").first?.int("total") ?? -1
        }
    }

    @Test(arguments: Engine.allCases)
    func hooksTakePart(_ engine: Engine) async throws {
        try await withRacks(engine) { racks, database in
            let rack = try await racks.create(["row": 1, "place": 2], caller: .alice)
            #expect(rack["label"] == "1/2")
            #expect(rack["broken"] == JSONValue.null)
            #expect(try await count("slots", database) == 1)
            let moved = try await racks.patch(id: rack.id, ["place": 3], caller: .alice)
            #expect(moved["label"] == "1/3")
            #expect(try await count("slots", database) == 1)
            try await racks.delete(id: rack.id, caller: .alice)
            let remaining = try await (count("slots", database), count("graves", database))
            #expect(remaining == (0, 1))
            let unlucky = try await racks.create(["row": 13, "place": 1], caller: .alice)
            let refused = await resourceError { try await racks.delete(id: unlucky.id, caller: .alice) }
            #expect(refused == .conflict(message: "row 13 stays", errors: []))
            let kept = try await count("slots", database)
            #expect(kept == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func severalFieldsAreTakenTogether(_ engine: Engine) async throws {
        try await withRacks(engine) { racks, _ in
            _ = try await racks.create(["row": 1, "place": 1], caller: .alice)
            _ = try await racks.create(["row": 1, "place": 2], caller: .alice)
            _ = try await racks.create(["row": 1, "place": 1], caller: .bob)
            let taken = await resourceError { _ = try await racks.create(["row": 1, "place": 1], caller: .alice) }
            #expect(taken?.status == 409)
            #expect(taken?.errors == [FieldError("row", "is taken"), FieldError("place", "is taken")])
        }
    }

    @Test(arguments: Engine.allCases)
    func undeclaredReferencesAlsoHold(_ engine: Engine) async throws {
        try await withRacks(engine) { racks, database in
            let rack = try await racks.create(["row": 1, "place": 1], caller: .alice)
            _ = try await database.write { connection in
                try connection.execute(fragment: "INSERT INTO cables (rack_id) VALUES (\(rack.id))")
            }
            let refused = await resourceError { try await racks.delete(id: rack.id, caller: .alice) }
            #expect(refused?.status == 409)
            // The hook had removed the slots by then: they are back.
            let slots = try await count("slots", database)
            #expect(slots == 1)
        }
    }
}
