// The resource `channel`: the ways out of the house, with their credentials sealed.

package import Identity
import JSON
package import Resources
import Storage

package enum ChannelResource {
    /// For the catalogue and for references; it knows no key, so it cannot be written through.
    package static let resource = declaration(box: nil)

    /// `/api/v1/system_mgmt/channel`, with secrets sealed by the box.
    package static func resource(box: SecretBox) -> Resource { declaration(box: box) }

    private static func declaration(box: SecretBox?) -> Resource {
        Resource(
            name: "channel",
            title: "Notification channel",
            description: "A way out: mail, a WeCom application or robot, or a webhook of one's own. Secrets in "
                + "`config` are shown as `\(SealedMember.mask)`; sent back so, they stay as they are.",
            path: "/api/v1/system_mgmt/channel",
            table: "notification_channel",
            permissions: ResourcePermissions(view: .notificationManage, manage: .notificationManage),
            fields: fields(box),
            uniqueTogether: [["team", "name"]],
            ordering: ["name"],
            hooks: ResourceHooks(beforeWrite: { record, _ in try checkRate(record) })
        )
    }

    private static func fields(_ box: SecretBox?) -> [Field] {
        [
            Field(
                "name",
                .string,
                required: true,
                maxLength: 200,
                searchable: true,
                filterable: true,
                orderable: true,
                description: "What people call it.",
                example: "Operations robot"
            ),
            Field(
                "channel_type",
                .string,
                required: true,
                enumeration: ChannelType.allCases.map { .string($0.rawValue) },
                filterable: true,
                orderable: true,
                createOnly: true,
                description: "Decides what `config` is made of."
            ),
            Field(
                "config",
                .configuration(configRule(box)),
                required: true,
                maxLength: 65_536,
                description: "Members by the type; other members are refused.",
                example: ["smtp_server": "smtp.example.com", "smtp_port": 465, "from_addr": "noreply@example.com"]
            ),
            Field(
                "templates",
                .configuration(
                    ConfigurationRule(schema: ChannelTemplates.schema) { given, _, _ in
                        try ChannelTemplates.settled(given)
                    }
                ),
                default: [:],
                maxLength: 131_072
            ),
            Field(
                "rate_per_minute",
                .integer,
                minimum: 1,
                maximum: 100_000,
                description: "Messages a minute; none: no limit but the vendor's (20 for a robot)."
            ),
            Field(
                "digest_threshold",
                .integer,
                default: 20,
                minimum: 0,
                maximum: 100_000,
                description: "When more notices than this wait, they go out as one digest; 0: never."
            ),
            Field("is_active", .boolean, default: true, filterable: true, orderable: true),
            Field("description", .text, default: "", maxLength: 10_000, searchable: true),
        ]
    }

    private static func configRule(_ box: SecretBox?) -> ConfigurationRule {
        ConfigurationRule(schema: schema) { given, row, before in
            guard let box else { throw ChannelFault(message: "channels are written by the service that has the key") }
            guard let type = row.text("channel_type").flatMap(ChannelType.init(rawValue:)) else {
                throw ResourceError.invalid("channel_type", "is required")
            }
            // Secrets of another type have no place in this one.
            let isSameType = before?.text("channel_type") == type.rawValue
            var settlement = ConfigSettlement(type: type, stored: isSameType ? before?.json("config")?.object : nil) {
                try box.seal(Secret($0), purpose: ChannelDirectory.purpose(type))
            }
            return try settlement.settled(given)
        }
    }

    private static var schema: JSONObject {
        [
            "type": "object",
            "anyOf": .array(ChannelType.allCases.map { $0.shape.schema(title: $0.rawValue) }),
        ]
    }

    private static func checkRate(_ record: ResourceRecord) throws {
        guard let rate = record.integer("rate_per_minute"),
            let most = record.text("channel_type").flatMap(ChannelType.init(rawValue:))?.maximumRatePerMinute,
            rate > Int64(most)
        else { return }
        throw ResourceError.invalid("rate_per_minute", "must be at most \(most): WeCom takes no more from one robot")
    }
}
