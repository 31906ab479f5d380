// What delivery needs of the channels' side: to find a channel, and to have a message written.

package import Storage

/// Finds channels in the transaction that claims. `ChannelDirectory` does it in the program.
package protocol DeliveryChannels: Sendable {
    /// The channel, active or not; nil when there is none (any more). Called on the database's thread.
    func channel(_ id: Int64, on connection: any SQLConnection) throws -> NotificationChannel?
}

extension ChannelDirectory: DeliveryChannels {}

/// Writes messages: templates, escapes, cuts. `ChannelRenderer` does it in the program.
package protocol NoticeRenderer: Sendable {
    /// A message about one notice, and what was wrong with the template if a plain text had to stand in.
    func message(
        _ content: NoticeContent,
        channel: NotificationChannel,
        messageID: String
    ) -> (ChannelMessage, problem: String?)

    /// One message about many.
    func digest(
        _ contents: [NoticeContent],
        total: Int,
        channel: NotificationChannel,
        messageID: String
    ) -> (ChannelMessage, String?)
}

extension ChannelRenderer: NoticeRenderer {}
