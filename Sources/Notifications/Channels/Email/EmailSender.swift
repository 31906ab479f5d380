// Mail: one message to the receivers that have an address, through the channel's SMTP server.

package import HTTPTransport
package import Identity
import JSON

/// Sends over `EMAIL` channels.
package struct EmailSender: ChannelSender {
    private let client: HTTPClient
    private let contacts: ContactDirectory
    private let clock: WallClock

    package init(client: HTTPClient, contacts: ContactDirectory, clock: WallClock = .system) {
        self.client = client
        self.contacts = contacts
        self.clock = clock
    }

    package func send(
        _ message: ChannelMessage,
        channel: NotificationChannel,
        receivers: [String]
    ) async -> DeliveryResult {
        let reached: Reached
        do {
            reached = Reached(receivers, try await contacts.contacts(receivers), way: "mail address", address: \.email)
        } catch {
            return .retry(after: nil, "the receivers' addresses could not be read")
        }
        if let bad = reached.addresses.first(where: { MailAddressRule.problem($0) != nil }) {
            return .refused("\(bad.shownLine(limit: 150)) is no mail address")
        }
        guard !reached.addresses.isEmpty else {
            return .refused(receivers.isEmpty ? "there is no receiver" : reached.problemText)
        }
        var addresses = reached.addresses
        var problems = reached.problems
        while true {
            let transfer = transfer(message, channel, addresses)
            do throws(MailFailure) {
                let reply = try await client.send(transfer)
                let words = [reply.isEmpty ? "taken by \(transfer.server)" : reply] + problems
                return .delivered(words.joined(separator: "; "))
            } catch {
                // One address that is not taken must not cost the others their mail: nobody has got it yet.
                let refused = Set(error.refusedRecipients)
                let others = addresses.filter { !refused.contains($0) }
                guard error.isPermanent, !others.isEmpty, others.count < addresses.count else {
                    return Self.result(of: error)
                }
                addresses = others
                problems.append("not taken: \(refused.sorted().joined(separator: ", "))")
            }
        }
    }

    func transfer(_ message: ChannelMessage, _ channel: NotificationChannel, _ addresses: [String]) -> MailTransfer {
        let sender = channel.text("from_addr") ?? ""
        let security: MailSecurity =
            channel.value("use_ssl").bool == true ? .tls : channel.value("use_tls").bool == true ? .startTLS : .none
        let mail = MailMessage(
            from: Self.mailbox(sender, name: channel.text("display_name")),
            to: addresses,
            subject: message.title,
            text: message.text,
            html: message.html,
            messageID: "\(message.messageID)@\(sender.split(separator: "@").last ?? "opsgate.invalid")",
            date: clock.now(),
            headers: Self.priority(message.level)
        )
        return MailTransfer(
            server: channel.text("smtp_server") ?? "",
            port: channel.config["smtp_port"]?.int ?? Self.port(security),
            security: security,
            username: channel.text("smtp_user"),
            password: channel.text("smtp_password"),
            sender: sender,
            recipients: addresses,
            message: mail.bytes(),
            timeouts: channel.config["timeout_seconds"] == nil ? MailTransfer.timeouts : channel.timeouts,
            verifyTLS: channel.verifiesTLS,
            caFile: channel.text("ca_file")
        )
    }

    /// The ports of RFC 8314 and RFC 5321.
    private static func port(_ security: MailSecurity) -> Int {
        switch security {
        case .tls: 465
        case .startTLS: 587
        case .none: 25
        }
    }

    /// `"Ann's desk" <a@b.c>`; a display name is quoted (RFC 5322, section 3.2.4).
    private static func mailbox(_ address: String, name: String?) -> String {
        guard let name, !name.isEmpty else { return address }
        let quoted = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(quoted)\" <\(address)>"
    }

    private static func priority(_ level: String) -> [(String, String)] {
        level == "critical" ? [("X-Priority", "1"), ("Importance", "high")] : []
    }

    static func result(of failure: MailFailure) -> DeliveryResult {
        let words = failure.code.map { "\(failure.message) (\($0))" } ?? failure.message
        if failure.isAmbiguous { return .unknown(words) }
        if failure.isPermanent { return .refused(words) }
        return .retry(after: nil, words)
    }
}
