// A small world of resources for the tests: shelves and books of teams, and kinds that everybody shares.

import Identity
import JSON
import Resources
import Storage

enum Library {
    static let permissions = ResourcePermissions(view: .alertsView, manage: .alertsManage)

    static let shelf = Resource(
        name: "shelf",
        title: "Shelf",
        path: "/api/v1/library/shelf",
        table: "shelves",
        permissions: permissions,
        fields: [
            Field("name", .string, required: true, unique: .withinTeam, searchable: true, orderable: true),
            Field("room", .string),
        ]
    )

    static let kind = Resource(
        name: "kind",
        title: "Kind",
        path: "/api/v1/library/kind",
        table: "kinds",
        permissions: permissions,
        fields: [Field("name", .string, required: true, unique: .everywhere)],
        standard: []
    )

    static let book = Resource(
        name: "book",
        title: "Book",
        description: "What stands on shelves.",
        path: "/api/v1/library/book",
        table: "books",
        permissions: permissions,
        fields: [
            Field(
                "title",
                .string,
                required: true,
                maxLength: 40,
                searchable: true,
                filterable: true,
                orderable: true,
                description: "What it is called.",
                example: "Dubliners"
            ),
            Field("isbn", .string, unique: .everywhere, filterable: true, createOnly: true),
            Field("note", .text, searchable: true, filterable: true),
            Field("pages", .integer, minimum: 1, maximum: 10_000, filterable: true, orderable: true),
            Field("price", .number, minimum: 0, filterable: true, orderable: true),
            Field("in_print", .boolean, default: true, filterable: true),
            Field("published", .timestamp, filterable: true, orderable: true),
            Field(
                "level",
                .string,
                default: "info",
                enumeration: ["critical", "warning", "info"],
                filterable: true,
                orderable: true,
                ordersByEnumeration: true
            ),
            Field("labels", .object, default: [:], maxLength: 2000),
            Field("extra", .array),
            Field("tags", .stringList, default: [], filterable: true),
            Field("scores", .integerList, filterable: true),
            Field("key", .secret(.hashed({ "hash:\($0.count)" }, generate: { "made-secret" }))),
            Field(
                "zone",
                .string,
                default: "UTC",
                check: { ZoneRule(name: $0.string ?? "") == nil ? "is no zone" : nil }
            ),
            Field("shelf", .reference(shelf.target), filterable: true),
            Field("kind", .reference(kind.target)),
            Field("related", .referenceList(ResourceTarget("book", table: "books")), default: []),
            Field("sold", .integer, default: 0, orderable: true, readOnly: true),
        ],
        ordering: ["title"],
        referrers: [Referrer("loans", table: "loans", column: "book_id")],
        hooks: ResourceHooks(
            beforeWrite: { record, context in
                if record.text("title") == "forbidden" { throw ResourceError.invalid("title", "is on the index") }
                if context.operation == .create { record.set("sold", Int64(1)) }
            },
            afterWrite: { record, _ in
                if record.text("title") == "fails late" { throw ResourceError.invalid("title", "fails late") }
            }
        ),
        computed: [
            ComputedField(
                "title_length",
                schema: ["type": "integer"],
                row: { .integer(Int64($0.text("title")?.count ?? 0)) }
            ),
            ComputedField(
                "loans",
                schema: ["type": "integer"],
                page: { records, connection, _ in
                    let ids = records.map { SQLValue.integer($0.id) }
                    let rows = try connection.query(
                        fragment: """
                            SELECT book_id, COUNT(*) AS total FROM loans WHERE book_id IN (\(list: ids)) GROUP BY book_id
                            """
                    )
                    var totals: [Int64: Int64] = [:]
                    for row in rows { totals[try row.int("book_id")] = try row.int("total") }
                    return records.map { .integer(totals[$0.id] ?? 0) }
                }
            ),
        ],
        filters: [
            QueryFilter(prefix: "label.", description: "Books with this label.") { argument in
                let label = SQLFragment.placing(.text(argument.name)) {
                    argument.dialect.jsonExtractText("books.labels", keyExpression: $0)
                }
                return "\(label) = \(argument.value)"
            },
            QueryFilter("mine", description: "Books that I entered.", schema: ["type": "boolean"]) { argument in
                guard argument.value == "true" else { throw ResourceError.invalid("mine", "must be true") }
                return "books.created_by = \(argument.caller.username)"
            },
        ]
    )

    static func catalog() throws -> ResourceCatalog { try ResourceCatalog([shelf, kind, book]) }

    static let migrations = [
        Migration(number: 1, name: "library") { dialect in
            kind.createTableStatements(dialect) + shelf.createTableStatements(dialect)
                + book.createTableStatements(dialect)
                + ["CREATE TABLE loans (id \(dialect.identityColumn), book_id BIGINT NOT NULL REFERENCES books (id))"]
        }
    ]
}

extension Caller {
    static func person(_ name: String, _ role: Role, _ teams: [Int64]) -> Caller {
        Caller(
            userID: 7,
            username: name,
            role: role,
            teams: teams,
            credential: CredentialReference(kind: .apiSecret, id: 1, name: "test")
        )
    }

    static let admin = person("root", .administrator, [1])
    static let alice = person("alice", .operator, [1])
    static let bob = person("bob", .operator, [2])
    static let both = person("both", .operator, [2, 1])
    static let nobody = person("nobody", .operator, [])
    static let viewer = person("viewer", .viewer, [1])
}
