// The resource `notification`: what was told to whom, or is still to be told. Read only.

import Identity
import JSON
package import Resources
import Storage

package enum NotificationResource {
    /// `/api/v1/system_mgmt/notification`: filters `state`, `channel`, `topic_type`, `topic_id`, `receiver`,
    /// `transition`, `level`, `created_at` and the others marked below. `alerts.view` sees the rows of its teams;
    /// sending again (`NotificationDesk`) takes `notification.manage`.
    package static let resource = Resource(
        name: "notification",
        title: "Notification",
        description: "One thing told, or to be told, to one receiver over one channel.",
        path: "/api/v1/system_mgmt/notification",
        table: "notification",
        permissions: ResourcePermissions(view: .alertsView, manage: .notificationManage),
        fields: fields,
        standard: [.team, .createdAt, .updatedAt],
        ordering: ["-id"],
        operations: [.list, .get],
        computed: [
            ComputedField("channel_name", schema: ["type": ["string", "null"]], page: channelName)
        ]
    )

    private static let fields: [Field] = [
        // No reference: what was told stays known when the channel has gone.
        Field("channel", .integer, required: true, filterable: true, readOnly: true, description: "The channel's id."),
        Field(
            "receiver",
            .string,
            required: true,
            minLength: 0,
            filterable: true,
            readOnly: true,
            description: "A user or an address; empty when the channel is the receiver."
        ),
        Field(
            "topic_type",
            .string,
            required: true,
            enumeration: ["alert", "incident"],
            filterable: true,
            readOnly: true
        ),
        Field("topic_id", .integer, required: true, filterable: true, readOnly: true),
        Field(
            "transition",
            .string,
            required: true,
            enumeration: NoticeTransition.allCases.map { .string($0.rawValue) },
            filterable: true,
            readOnly: true,
            description: "Why the receiver is told."
        ),
        Field("sequence", .integer, required: true, readOnly: true, description: "Numbers repetitions."),
        Field("level", .string, required: true, filterable: true, readOnly: true),
        Field(
            "state",
            .string,
            required: true,
            enumeration: NoticeState.names.map { .string($0) },
            filterable: true,
            readOnly: true,
            description: "dead and unknown ones can be sent again."
        ),
        Field("attempts", .integer, required: true, filterable: true, readOnly: true),
        Field(
            "due_at",
            .timestamp,
            required: true,
            filterable: true,
            orderable: true,
            readOnly: true,
            description: "When it is tried next; while it is being sent, when it is taken for lost."
        ),
        Field(
            "told",
            .string,
            readOnly: true,
            description: "The state that the receiver was told, or may have been told."
        ),
        Field("title", .text, searchable: true, readOnly: true, description: "As it was sent last."),
        Field("outcome", .text, readOnly: true, description: "What the other side said, or why it was not sent."),
        Field(
            "batch",
            .integer,
            filterable: true,
            readOnly: true,
            description: "Sent in a digest: the id of the first notification in it."
        ),
        Field(
            "message_id",
            .string,
            filterable: true,
            readOnly: true,
            description: "What the message was called on its way; stands in mails' Message-ID."
        ),
        Field("sent_at", .timestamp, filterable: true, orderable: true, readOnly: true),
        Field("payload", .object, required: true, readOnly: true, description: "What it was made with."),
        Field("idempotency_key", .string, required: true, readOnly: true, description: "Is told once."),
        Field("generation", .integer, required: true, readOnly: true, description: "How often it was taken up."),
    ]

    /// The channels' names, with one query for a page; null for a channel that is gone.
    private static let channelName: @Sendable ([ResourceRecord], any SQLConnection, Caller) throws -> [JSONValue] = {
        records,
        connection,
        _ in
        let names = try ChannelNames.of(records.compactMap { $0.integer("channel") }, connection)
        return records.map { record in
            record.integer("channel").flatMap { names[$0] }.map { .string($0) } ?? .null
        }
    }
}

enum ChannelNames {
    /// What people call the channels, those that are still there.
    static func of(_ ids: [Int64], _ connection: any SQLConnection) throws -> [Int64: String] {
        var names: [Int64: String] = [:]
        let wanted = Set(ids).sorted()
        guard !wanted.isEmpty else { return names }
        let rows = try connection.query(
            fragment: """
                SELECT id, name FROM notification_channel
                WHERE \(SQLFragment.among("id", wanted, connection.dialect))
                """
        )
        for row in rows { names[try row.int("id")] = try row.text("name") }
        return names
    }
}
