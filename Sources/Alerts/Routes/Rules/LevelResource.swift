// The resource `level`: the four levels, and further words for them.

import Identity
import JSON
package import Resources
import Storage

package enum LevelResource {
    static let types = ["event", "alert", "incident"]

    /// `/api/v1/alerts/api/level`; `type=` filters by level_type, as in bk-lite (bklite.md section 2.6).
    ///
    /// The four levels are fixed: alerts keep their names. A further row is a word with one of the four as its meaning;
    /// rows of type `event` are what the ingest understands, after the source's own map. Levels belong to no team and
    /// decide how events of all teams are read, so only administrators change them.
    package static let resource = Resource(
        name: "level",
        title: "Level",
        description: "A level as people see it: its words, its colour, and which of the four it means.",
        path: "/api/v1/alerts/api/level",
        table: "alert_level",
        // The right that administrators alone have.
        permissions: ResourcePermissions(view: .alertsView, manage: .accountManage),
        fields: fields,
        standard: [.createdAt, .updatedAt, .createdBy],
        uniqueTogether: [["level_type", "name"]],
        ordering: ["level_type", "level", "id"],
        hooks: hooks,
        filters: [
            QueryFilter(
                "type",
                description: "level_type under bk-lite's name.",
                schema: ["type": "string", "enum": .array(types.map { .string($0) })]
            ) { given in
                guard types.contains(given.value) else {
                    throw ResourceError.invalid(given.name, "must be one of \(types.joined(separator: ", "))")
                }
                return "alert_level.level_type = \(given.value)"
            }
        ]
    )

    private static let fields: [Field] = [
        Field(
            "name",
            .string,
            required: true,
            maxLength: 60,
            searchable: true,
            filterable: true,
            orderable: true,
            description: "The word. Case does not matter to the ingest.",
            example: "P1",
            check: word
        ),
        Field(
            "level_type",
            .string,
            default: "event",
            enumeration: types.map { .string($0) },
            filterable: true,
            orderable: true,
            createOnly: true
        ),
        Field(
            "level",
            .string,
            required: true,
            enumeration: AlertLevel.names.map { .string($0) },
            filterable: true,
            orderable: true,
            ordersByEnumeration: true,
            description: "Which of the four it means."
        ),
        Field("display_name", .string, default: "", maxLength: 100, searchable: true),
        Field(
            "color",
            .string,
            default: "",
            maxLength: 7,
            description: "#RRGGBB, or empty.",
            example: "#F43B2C",
            check: color
        ),
        Field("icon", .string, default: "", maxLength: 100),
        Field(
            "aliases",
            .stringList,
            default: .array([]),
            maxLength: 60,
            description: "Further words for it, as senders write them.",
            example: ["sev1"]
        ),
        Field("description", .text, default: "", maxLength: 10_000, searchable: true),
        Field(
            "is_built_in",
            .boolean,
            default: false,
            filterable: true,
            readOnly: true,
            description: "One of the four: it cannot be deleted, nor change its name and level."
        ),
    ]

    private static let word: @Sendable (JSONValue) -> String? = { value in
        (value.string ?? "").utf8.allSatisfy { $0 == 0x20 } ? "must not be blank" : nil
    }

    private static let color: @Sendable (JSONValue) -> String? = { value in
        let bytes = Array((value.string ?? "").utf8)
        if bytes.isEmpty { return nil }
        let isHex = bytes.dropFirst().allSatisfy { byte in
            (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
        }
        return bytes.count == 7 && bytes[0] == UInt8(ascii: "#") && isHex ? nil : "must be #RRGGBB"
    }

    private static let hooks = ResourceHooks(
        beforeWrite: { record, context in
            if let before = context.before, before.boolean("is_built_in") == true {
                let fixed = ["name", "level"].filter { before[$0] != record[$0] }
                guard fixed.isEmpty else {
                    throw ResourceError.invalid(
                        fixed.map { FieldError($0, "cannot be changed: the level is built in") }
                    )
                }
            }
            try LevelRows.checkWords(of: record, context.connection)
        },
        afterWrite: { _, context in try LevelRows.change(at: context.now.milliseconds, context.connection) },
        beforeDelete: { record, _ in
            guard record.boolean("is_built_in") == true else { return }
            throw ResourceError.conflict(message: "level \(record.id) cannot be deleted: it is built in", errors: [])
        },
        afterDelete: { _, context in try LevelRows.change(at: context.now.milliseconds, context.connection) }
    )
}
