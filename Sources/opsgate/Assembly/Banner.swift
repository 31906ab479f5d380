// What a person sees when the server has started.

import Accounts
import Gateway
import Identity

/// The banner: the address, at the first start the secrets (never again), and a line to paste.
struct Banner {
    let host: String
    let port: Int
    let model: String
    let bots: [String]
    let firstStart: FirstStart?
    let source: (sourceID: String, secret: Secret)?

    var text: String {
        let reachable = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        let address = "http://\(reachable.contains(":") ? "[\(reachable)]" : reachable):\(port)"
        var lines = ["", "OpsGate \(ProgramVersion.current) listens on \(address)", "  model  \(model)"]
        lines.append("  bots   \(bots.isEmpty ? "none" : bots.joined(separator: ", "))")
        if let firstStart {
            lines += [
                "", "First start. These are shown this once:",
                "  admin password  \(firstStart.password.reveal())   (user \(firstStart.user.username))",
                "  API secret      \(firstStart.secretText.reveal())",
            ]
        }
        if let source {
            lines.append("  webhook secret  \(source.secret.reveal())   (alert source \(source.sourceID))")
        }
        let secret = firstStart?.secretText.reveal() ?? "$OPSGATE_SECRET"
        lines += [
            "", "Ask it something:", "",
            "curl -N \(address)/v1/chat/completions -H 'Authorization: Bearer \(secret)' "
                + "-H 'Content-Type: application/json' -d '{\"model\":\"\(bots.first ?? "default")\",\"stream\":true,"
                + "\"messages\":[{\"role\":\"user\",\"content\":\"what is firing right now?\"}]}'",
            "",
        ]
        if firstStart == nil {
            lines.insert(
                "(OPSGATE_SECRET is an API secret: `opsgate secret create NAME` makes one.)",
                at: lines.count - 1
            )
        }
        // A variable is not expanded between single quotes.
        return lines.joined(separator: "\n")
            .replacing("'Authorization: Bearer $OPSGATE_SECRET'", with: "\"Authorization: Bearer $OPSGATE_SECRET\"")
    }
}
