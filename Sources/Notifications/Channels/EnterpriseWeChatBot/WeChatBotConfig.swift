// The configuration of a robot in a WeCom group.

import JSON
import Resources

/// `webhook_url` is the seed's (section 2.1.2); `key` with `base_url` says the same in two parts.
enum WeChatBotConfig {
    static let shape = ConfigShape(
        [
            ConfigMember(
                name: "webhook_url",
                kind: .secretURL,
                description: "The robot's URL with its key, as WeCom shows it."
            ),
            ConfigMember(
                name: "key",
                kind: .secret(200),
                aliases: ["bot_key"],
                description: "The robot's key, instead of webhook_url."
            ),
            ConfigMember(
                name: "base_url",
                kind: .url,
                assumed: .string(WeChatConfig.publicGateway),
                decidesDestination: true,
                description: "With key: where the gateway is, without /cgi-bin."
            ),
            ConfigMember(name: "msg_type", kind: .choice(["text", "markdown"]), assumed: "markdown"),
            ConfigMember(
                name: "mentioned_list",
                kind: .lines(count: 100, length: 64),
                description: "WeCom ids of members who are mentioned in each message; @all for everybody."
            ),
        ] + ConfigMember.connection(timeout: 30, upTo: 120),
        problems: { config in
            var problems = baseProblems(config)
            switch (config["webhook_url"]?.string, config["key"]) {
            case (nil, nil): problems.append(("webhook_url", "is required, or key"))
            case (_?, _?): problems.append(("key", "says the same as webhook_url, which is given too"))
            case (let url?, nil):
                if config["base_url"] != nil { problems.append(("base_url", "belongs to key, not to webhook_url")) }
                let query = url.firstIndex(of: "?").map { url[url.index(after: $0)...] } ?? ""
                let hasKey = query.split(separator: "&").contains { $0.hasPrefix("key=") && $0.utf8.count > 4 }
                if url != SealedMember.mask, !hasKey {
                    problems.append(("webhook_url", "must contain the robot's key: …/webhook/send?key=…"))
                }
            default: break
            }
            for id in (config["mentioned_list"]?.array ?? []).compactMap(\.string)
            where id != "@all" && !id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"<>|".utf8.contains($0) }) {
                problems.append(("mentioned_list", "holds what is no WeCom id"))
            }
            return problems
        }
    )

    /// A base URL is put before paths.
    static func baseProblems(_ config: JSONObject) -> [(member: String, message: String)] {
        guard let base = config["base_url"]?.string, base.contains("?") else { return [] }
        return [("base_url", "must not have a query")]
    }
}
