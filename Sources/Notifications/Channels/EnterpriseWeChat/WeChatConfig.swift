// The configuration of a WeCom application that sends messages to members of the organisation.

import JSON

/// Names from the seed (section 2.1.2); `base_url` points to another gateway of the same protocol, `msg_type` is ours.
enum WeChatConfig {
    /// WeCom's public gateway.
    static let publicGateway = "https://qyapi.weixin.qq.com"

    static let shape = ConfigShape(
        [
            ConfigMember(name: "corp_id", kind: .line(100), isRequired: true),
            ConfigMember(name: "agent_id", kind: .number(0...4_294_967_295), isRequired: true),
            ConfigMember(name: "secret", kind: .secret(500), isRequired: true),
            ConfigMember(
                name: "base_url",
                kind: .url,
                assumed: .string(publicGateway),
                decidesDestination: true,
                description: "Where the gateway is, without /cgi-bin."
            ),
            ConfigMember(
                name: "msg_type",
                kind: .choice(["text", "markdown"]),
                assumed: "text",
                description: "Markdown is shown by WeCom's own clients only."
            ),
        ] + ConfigMember.connection(timeout: 30, upTo: 120),
        problems: { WeChatBotConfig.baseProblems($0) }
    )
}
