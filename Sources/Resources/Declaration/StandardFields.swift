// The fields that the server keeps on every resource.

import JSON

/// Which of the fields that the server sets a resource has. `id` is always there.
package struct StandardFields: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The team that owns the row. Without it, everybody with the permission sees every row.
    package static let team = StandardFields(rawValue: 1)
    package static let createdAt = StandardFields(rawValue: 2)
    /// Set anew on each change, always later than before, so that it can stand for the state of a row.
    package static let updatedAt = StandardFields(rawValue: 4)
    /// The user name of the creator.
    package static let createdBy = StandardFields(rawValue: 8)

    package static let all: StandardFields = [.team, .createdAt, .updatedAt, .createdBy]

    static let id = Field(
        "id",
        .integer,
        required: true,
        filterable: true,
        orderable: true,
        readOnly: true,
        description: "The number of the row.",
        example: 1
    )

    /// The fields in the order in which they follow the declared ones.
    var fields: [Field] {
        var fields: [Field] = []
        if contains(.team) {
            fields.append(
                Field(
                    "team",
                    .integer,
                    required: true,
                    filterable: true,
                    readOnly: true,
                    description: "The team that owns it."
                )
            )
        }
        if contains(.createdBy) {
            fields.append(
                Field(
                    "created_by",
                    .string,
                    required: true,
                    minLength: 0,
                    filterable: true,
                    readOnly: true,
                    description: "The user who created it."
                )
            )
        }
        if contains(.createdAt) {
            fields.append(
                Field(
                    "created_at",
                    .timestamp,
                    required: true,
                    filterable: true,
                    orderable: true,
                    readOnly: true,
                    description: "When it was created.",
                    example: "2025-10-21T10:00:00Z"
                )
            )
        }
        if contains(.updatedAt) {
            fields.append(
                Field(
                    "updated_at",
                    .timestamp,
                    required: true,
                    filterable: true,
                    orderable: true,
                    readOnly: true,
                    description: "When it last changed. Sent back with PUT or PATCH, the write is refused (409) if "
                        + "it changed since.",
                    example: "2025-10-21T10:00:00Z"
                )
            )
        }
        return fields
    }
}
