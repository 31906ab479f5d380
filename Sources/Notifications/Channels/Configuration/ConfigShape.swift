// What the configuration of each type of channel is made of.

import JSON

/// The members of one type's configuration, and what they must be to each other.
struct ConfigShape: Sendable {
    let members: [ConfigMember]
    /// What is wrong with the whole: member and message. Secrets in it are texts of unknown content.
    let problems: @Sendable (JSONObject) -> [(member: String, message: String)]

    init(
        _ members: [ConfigMember],
        problems: @escaping @Sendable (JSONObject) -> [(member: String, message: String)] = { _ in [] }
    ) {
        self.members = members
        self.problems = problems
    }

    /// The member of that name or alias.
    func member(_ name: String) -> ConfigMember? {
        members.first { $0.name == name || $0.aliases.contains(name) }
    }

    /// The schema of a configuration of this shape.
    func schema(title: String) -> JSONValue {
        var properties = JSONObject()
        for member in members { properties[member.name] = member.schema }
        return [
            "title": .string(title), "type": "object",
            "required": .array(members.filter(\.isRequired).map { .string($0.name) }),
            "properties": .object(properties),
        ]
    }
}

extension ChannelType {
    /// The shape of this type's configuration.
    var shape: ConfigShape {
        switch self {
        case .email: EmailConfig.shape
        case .enterpriseWeChat: WeChatConfig.shape
        case .enterpriseWeChatBot: WeChatBotConfig.shape
        case .webhook: WebhookConfig.shape
        }
    }
}

extension ConfigMember {
    /// How every type talks to its server.
    ///
    /// - Parameter timeout: seconds for one attempt when nothing is said; nil: what the transport finds fit.
    static func connection(timeout: Int64?, upTo longest: Int64) -> [ConfigMember] {
        [
            ConfigMember(
                name: "verify_tls",
                kind: .boolean,
                assumed: true,
                decidesDestination: true,
                description: "Whether the server's certificate is checked."
            ),
            ConfigMember(
                name: "ca_file",
                kind: .file,
                decidesDestination: true,
                description:
                    "A PEM file, on the machine of the program, of authorities to trust instead of the system's."
            ),
            ConfigMember(
                name: "timeout_seconds",
                kind: .integer(1...longest),
                assumed: timeout.map { .integer($0) },
                description: "How long one attempt may take."
            ),
        ]
    }
}
