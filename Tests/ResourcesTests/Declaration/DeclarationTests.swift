// Contradictions in declarations, and the tables that declarations make.

import Identity
import JSON
import Resources
import Storage
import Testing

@Suite struct DeclarationTests {
    private func resource(
        _ fields: [Field],
        name: String = "thing",
        path: String = "/api/thing",
        standard: StandardFields = .all,
        ordering: [String] = ["-id"],
        filters: [QueryFilter] = [],
        computed: [ComputedField] = [],
        permissions: ResourcePermissions = Library.permissions
    ) -> Resource {
        Resource(
            name: name,
            title: "Thing",
            path: path,
            table: "things",
            permissions: permissions,
            fields: fields,
            standard: standard,
            ordering: ordering,
            computed: computed,
            filters: filters
        )
    }

    @Test func goodDeclarationsHaveNoProblems() throws {
        for resource in try Library.catalog().resources { #expect(resource.problems.isEmpty) }
    }

    @Test func contradictionsAreFound() {
        let any = QueryFilter(prefix: "name", description: "") { _ in "1 = 1" }
        let cases: [(Resource, String)] = [
            (resource([Field("Name", .string)]), "good name"),
            (resource([Field("a__b", .string)]), "good name"),
            (resource([Field("x\"; DROP TABLE y; --", .string)]), "good name"),
            (resource([Field("a", .string), Field("a", .text)]), "twice"),
            (resource([Field("id", .integer)]), "twice"),
            (resource([Field("s", .secret(.writeOnly), filterable: true)]), "secret"),
            (resource([Field("n", .integer, searchable: true)]), "no text"),
            (resource([Field("o", .object, filterable: true)]), "cannot be filtered"),
            (resource([Field("l", .stringList, orderable: true)]), "cannot be ordered"),
            (resource([Field("page", .integer, filterable: true)]), "list parameter"),
            (resource([Field("n", .string, unique: .withinTeam)], standard: []), "team that is not there"),
            (resource([Field("n", .string, required: true, default: "x")]), "required and has a default"),
            (resource([Field("n", .integer, default: "x")]), "default that must be an integer"),
            (resource([Field("n", .string, default: "c", enumeration: ["a", "b"])]), "default that must be one of"),
            (resource([Field("n", .string, enumeration: ["a", 1])]), "allows a value that"),
            (resource([Field("n", .string, ordersByEnumeration: true)]), "no enumeration"),
            (resource([Field("n", .string)], ordering: ["m"]), "no field"),
            (resource([Field("n", .string)], path: "/api/thing/"), "path"),
            (resource([Field("n", .string)], name: "no-name"), "no identifier"),
            (resource([Field("name", .string, filterable: true)], filters: [any]), "hides the field"),
            (
                resource([Field("n", .string)], computed: [ComputedField("n", schema: [:], row: { _ in nil })]),
                "another"
            ),
            (
                resource([], permissions: ResourcePermissions(view: "no.such", manage: .alertsManage)),
                "not in the catalogue"
            ),
        ]
        for (resource, words) in cases {
            #expect(resource.problems.contains { $0.contains(words) }, "\(words): \(resource.problems)")
            #expect(throws: ResourceDeclarationError.self) { try ResourceCatalog([resource]) }
        }
    }

    @Test func theCatalogueKnowsItsMembers() throws {
        #expect(throws: ResourceDeclarationError.self) { try ResourceCatalog([Library.book]) }
        #expect(throws: ResourceDeclarationError.self) { try ResourceCatalog([Library.kind, Library.kind]) }
        let wrong = resource([Field("k", .reference(ResourceTarget("kind", table: "elsewhere", hasTeam: false)))])
        #expect(throws: ResourceDeclarationError.self) { try ResourceCatalog([wrong, Library.kind]) }
        let catalog = try Library.catalog()
        #expect(catalog.referring(to: "shelf").map { "\($0.resource).\($0.field)" } == ["book.shelf"])
        #expect(catalog.referring(to: "book").map { "\($0.resource).\($0.field)" } == ["book.related"])
        #expect(catalog.resource(named: "kind")?.table == "kinds")
    }

    @Test(arguments: Engine.allCases)
    func declarationsAndTablesAgree(_ engine: Engine) async throws {
        try await withWorld(engine) { world in
            for resource in try Library.catalog().resources {
                #expect(try await resource.schemaProblems(world.database).isEmpty)
            }
            let later = Resource(
                name: "kind",
                title: "Kind",
                path: "/k",
                table: "kinds",
                permissions: Library.permissions,
                fields: [Field("name", .integer), Field("colour", .string)]
            )
            let problems = try await later.schemaProblems(world.database)
            #expect(problems.contains("kinds.colour is not there"))
            #expect(problems.contains { $0.hasPrefix("kinds.name is") })
            #expect(problems.contains("kinds.name must not be NOT NULL"))
            let narrow = Resource(
                name: "kind",
                title: "Kind",
                path: "/k",
                table: "kinds",
                permissions: Library.permissions,
                fields: [],
                standard: []
            )
            #expect(try await narrow.schemaProblems(world.database).contains { $0.contains("inserts will fail") })
            let missing = Resource(
                name: "x",
                title: "X",
                path: "/x",
                table: "xs",
                permissions: Library.permissions,
                fields: []
            )
            #expect(try await missing.schemaProblems(world.database) == ["the table xs is not there"])
        }
    }
}
