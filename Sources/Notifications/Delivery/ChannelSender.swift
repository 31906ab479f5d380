// The seam between the outbox and the outside: a message, a channel, and what became of the two.

package import JSON

/// The kinds of channels. The raw value stands in the store and on the wire (seed, section 2.1.2).
package enum ChannelType: String, Sendable, Hashable, CaseIterable {
    case email = "EMAIL"
    case enterpriseWeChat = "ENTERPRISE_WECHAT"
    case enterpriseWeChatBot = "ENTERPRISE_WECHAT_BOT"
    case webhook = "WEBHOOK"

    /// Whether messages go to persons; otherwise the channel itself is the receiver.
    package var hasReceivers: Bool { self == .email || self == .enterpriseWeChat }

    /// Whether the other side can tell that a message came twice: by `Message-ID`, by WeCom's duplicate check, by
    /// `Idempotency-Key`. Only then may a message be sent again whose fate is unknown.
    package var canTellDuplicates: Bool { self != .enterpriseWeChatBot }

    /// The vendor's limit: 20 messages a minute to one robot (WeCom document 91770).
    package var maximumRatePerMinute: Int? { self == .enterpriseWeChatBot ? 20 : nil }
}

/// A message, rendered and ready to go. Its texts are bounded and free of control characters.
package struct ChannelMessage: Sendable, Hashable {
    /// One line.
    package var title: String
    package var text: String
    package var html: String?
    package var markdown: String?
    /// Stable per notice or batch: the same when it is sent again.
    package var messageID: String
    package var level: String
    /// An http or https URL, or empty.
    package var link: String
    /// What the texts were made of, for body templates of webhooks.
    package var variables: JSONObject

    package init(
        title: String,
        text: String,
        html: String? = nil,
        markdown: String? = nil,
        messageID: String,
        level: String = "",
        link: String = "",
        variables: JSONObject = [:]
    ) {
        self.title = title
        self.text = text
        self.html = html
        self.markdown = markdown
        self.messageID = messageID
        self.level = level
        self.link = link
        self.variables = variables
    }
}

/// What became of an attempt. The texts are for people and logs; they hold no secret of the channel.
package enum DeliveryResult: Sendable, Hashable {
    /// The other side has taken it; what it said.
    case delivered(String)
    /// Not taken, and another attempt may do better; not before `after` if that is given.
    case retry(after: Duration?, String)
    /// Never to be sent again: dead letter.
    case refused(String)
    /// Sent perhaps: the answer is missing.
    case unknown(String)
    /// The whole channel waits until then (epoch milliseconds); does not count as an attempt.
    case slowDown(until: Int64, String)
}

/// Sends messages over channels of one type, or of all.
package protocol ChannelSender: Sendable {
    /// One attempt.
    ///
    /// - Parameter receivers: user names or addresses; empty for channels that are the receiver themselves.
    func send(
        _ message: ChannelMessage,
        channel: NotificationChannel,
        receivers: [String]
    ) async -> DeliveryResult
}

/// A channel with its configuration opened. Shows neither when printed.
package struct NotificationChannel: Sendable {
    package var id: Int64
    package var team: Int64
    package var name: String
    package var type: ChannelType
    /// With its secrets in the clear.
    package var config: JSONObject
    package var templates: ChannelTemplates
    /// nil: no limit.
    package var ratePerMinute: Int?
    /// More notices than this waiting go out as one digest; 0: never.
    package var digestThreshold: Int
    package var isActive: Bool
    /// Every secret in `config`, to be kept out of what is told.
    var secrets: [String]

    package init(
        id: Int64,
        team: Int64,
        name: String,
        type: ChannelType,
        config: JSONObject,
        templates: ChannelTemplates = ChannelTemplates(),
        ratePerMinute: Int? = nil,
        digestThreshold: Int = 0,
        isActive: Bool = true,
        secrets: [String] = []
    ) {
        self.id = id
        self.team = team
        self.name = name
        self.type = type
        self.config = config
        self.templates = templates
        self.ratePerMinute = ratePerMinute
        self.digestThreshold = digestThreshold
        self.isActive = isActive
        self.secrets = secrets
    }
}

extension NotificationChannel: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(type.rawValue) channel \(id)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["id": id, "type": type.rawValue]) }
}
