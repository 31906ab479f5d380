// From a channel's row to a channel that can be sent over: loaded and opened.

package import Identity
import JSON
import Resources
package import Storage

/// Why a channel cannot be used as it is stored.
package struct ChannelFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String
    package var description: String { message }
}

/// Reads channels out of the table `notification_channel`.
package struct ChannelDirectory: Sendable {
    private let box: SecretBox

    package init(box: SecretBox) {
        self.box = box
    }

    /// What sealed members of channels are for, as the box is told.
    static func purpose(_ type: ChannelType) -> String { "notification_channel.config.\(type.rawValue)" }

    /// The channel, active or not; nil when there is none of that number.
    ///
    /// - Throws: ``ChannelFault`` when its secrets cannot be opened or the row makes no sense.
    package func channel(_ id: Int64, on connection: any SQLConnection) throws -> NotificationChannel? {
        try channels([id], on: connection)[id]?.get()
    }

    /// The channels of those numbers that exist, each with its own fault.
    package func channels(
        _ ids: [Int64],
        on connection: any SQLConnection
    ) throws -> [Int64: Result<NotificationChannel, ChannelFault>] {
        guard !ids.isEmpty else { return [:] }
        let wanted = Array(Set(ids)).sorted()
        let rows = try connection.query(
            """
            SELECT id, team, name, channel_type, config, templates, rate_per_minute, digest_threshold, is_active
            FROM notification_channel WHERE id IN (\(SQLDialect.parameters(wanted.count)))
            """,
            wanted.map(SQLValue.integer)
        )
        var found: [Int64: Result<NotificationChannel, ChannelFault>] = [:]
        for row in rows {
            let id = try row.int("id")
            do {
                found[id] = .success(try opened(row, id))
            } catch let error as SecretBoxError {
                found[id] = .failure(ChannelFault(message: "channel \(id): \(error.message)"))
            } catch let error as ChannelFault {
                found[id] = .failure(error)
            }
        }
        return found
    }

    private func opened(_ row: SQLRow, _ id: Int64) throws -> NotificationChannel {
        let word = try row.text("channel_type")
        guard let type = ChannelType(rawValue: word),
            let config = try? JSONValue(parsing: row.text("config")),
            let templates = try? JSONValue(parsing: row.text("templates"))
        else { throw ChannelFault(message: "channel \(id) is damaged in the store") }
        var secrets: [String] = []
        let clear = try config.replacingSealed { member in
            let secret = try box.open(member.sealed, purpose: Self.purpose(type)).reveal()
            secrets.append(secret)
            return .string(secret)
        }
        return NotificationChannel(
            id: id,
            team: try row.int("team"),
            name: try row.text("name"),
            type: type,
            config: clear.object ?? [:],
            templates: ChannelTemplates(templates.object ?? [:]),
            ratePerMinute: try row.optionalInt("rate_per_minute").map { Int($0) } ?? type.maximumRatePerMinute,
            digestThreshold: Int(try row.int("digest_threshold")),
            isActive: try row.bool("is_active"),
            secrets: secrets
        )
    }
}
