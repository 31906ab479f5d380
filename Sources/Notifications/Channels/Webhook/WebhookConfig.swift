// The configuration of a channel that posts to a URL of one's own.

import JSON

enum WebhookConfig {
    static let shape = ConfigShape(
        [
            ConfigMember(
                name: "url",
                kind: .url,
                isRequired: true,
                decidesDestination: true,
                description: "http or https. A query is kept secret; redirects are not followed."
            ),
            ConfigMember(name: "method", kind: .choice(["POST", "PUT", "PATCH"]), assumed: "POST"),
            ConfigMember(
                name: "headers",
                kind: .headers,
                description: "Names and values of header fields; the values are kept secret."
            ),
            ConfigMember(
                name: "body_template",
                kind: .text(TemplateLimits.bodyBytes),
                description: "Mustache over the notice's variables and title, text (also as content), markdown, level, "
                    + "link, message_id. Values are escaped for JSON texts unless the header Content-Type says that "
                    + "it is not JSON."
            ),
            ConfigMember(
                name: "secret",
                kind: .secret(500),
                description: "Signs each body: X-OpsGate-Signature is v1= and the hexadecimal HMAC-SHA256 of "
                    + "X-OpsGate-Timestamp (epoch seconds), a full stop and the body."
            ),
        ] + ConfigMember.connection(timeout: 30, upTo: 120),
        problems: { config in
            guard let template = config["body_template"]?.string else { return [] }
            guard let problem = WebhookBody.problem(template, isJSON: WebhookBody.isJSON(config)) else { return [] }
            return [("body_template", problem)]
        }
    )
}
