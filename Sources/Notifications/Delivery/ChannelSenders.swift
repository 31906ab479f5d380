// All senders as one: the message goes to the sender of the channel's type.

package import HTTPTransport
package import Identity

/// Sends over channels of every type. One for a process: it remembers WeCom's tokens.
package struct ChannelSenders: ChannelSender {
    private let senders: [ChannelType: any ChannelSender]

    package init(client: HTTPClient, contacts: ContactDirectory, clock: WallClock = .system) {
        senders = [
            .email: EmailSender(client: client, contacts: contacts, clock: clock),
            .enterpriseWeChat: WeChatSender(client: client, contacts: contacts, clock: clock),
            .enterpriseWeChatBot: WeChatBotSender(client: client, clock: clock),
            .webhook: WebhookSender(client: client, clock: clock),
        ]
    }

    /// - Returns: a result whose text holds no secret of the channel.
    package func send(
        _ message: ChannelMessage,
        channel: NotificationChannel,
        receivers: [String]
    ) async -> DeliveryResult {
        guard let sender = senders[channel.type] else {
            return .refused("there is no sender for \(channel.type.rawValue)")
        }
        return await sender.send(message, channel: channel, receivers: receivers).redacted(for: channel)
    }
}
