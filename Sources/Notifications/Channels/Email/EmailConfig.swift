// The configuration of a mail channel.

import JSON

/// Names from the seed (section 2.1.2); `ca_file`, `verify_tls`, `timeout_seconds` and `display_name` are ours.
enum EmailConfig {
    static let shape = ConfigShape(
        [
            ConfigMember(name: "smtp_server", kind: .host, isRequired: true, decidesDestination: true),
            ConfigMember(
                name: "smtp_port",
                kind: .integer(1...65_535),
                aliases: ["port"],
                decidesDestination: true,
                description: "465 with use_ssl, 587 with use_tls, else 25 when it is not given."
            ),
            ConfigMember(name: "smtp_user", kind: .line(320)),
            ConfigMember(name: "smtp_password", kind: .secret(1_000), aliases: ["smtp_pwd"]),
            ConfigMember(name: "from_addr", kind: .mailAddress, aliases: ["mail_sender"], isRequired: true),
            ConfigMember(
                name: "use_ssl",
                kind: .boolean,
                aliases: ["smtp_usessl"],
                assumed: false,
                decidesDestination: true,
                description: "TLS from the first byte."
            ),
            ConfigMember(
                name: "use_tls",
                kind: .boolean,
                aliases: ["smtp_usetls"],
                assumed: false,
                decidesDestination: true,
                description: "STARTTLS, required: without it nothing is sent."
            ),
            ConfigMember(name: "display_name", kind: .line(200), description: "Stands before the sender's address."),
        ] + ConfigMember.connection(timeout: nil, upTo: 300),
        problems: { config in
            var problems: [(member: String, message: String)] = []
            if config["use_ssl"]?.bool == true, config["use_tls"]?.bool == true {
                problems.append(("use_tls", "excludes use_ssl: choose one of them"))
            }
            if config["smtp_user"] != nil, config["smtp_password"] == nil {
                problems.append(("smtp_password", "is required with smtp_user"))
            }
            if config["smtp_user"] == nil, config["smtp_password"] != nil {
                problems.append(("smtp_user", "is required with smtp_password"))
            }
            return problems
        }
    )
}
