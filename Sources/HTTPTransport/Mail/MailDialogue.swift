// The part of an SMTP session that carries the mail, as a value that says what to do next.

/// From MAIL FROM to the reply that counts. Greeting, TLS and login are libcurl's and have happened before.
struct MailDialogue {
    enum Action: Equatable {
        /// Say this and wait for the reply.
        case say(String)
        /// Send `PreparedMail.wire`, then ask `messageSent`.
        case sendMessage
        /// Send the end of the message if the mail is still wanted: from then on it may be delivered.
        case sendEnd
        /// The mail is the server's now; what it said last.
        case finish(String)
        /// `isPolite`: the session is in order and can be closed by QUIT.
        case fail(MailFailure, isPolite: Bool)
    }

    private enum Phase: Equatable {
        case sender
        case recipient(Int)
        case data
        /// The message is on its way, its end is not.
        case message
        case end
        case over
    }

    /// The end of the message is sent, and nothing is known of what became of it.
    var isUndecided: Bool { phase == .end }

    private let mail: PreparedMail
    private var phase = Phase.sender
    private var refused: [(address: String, reply: MailReply)] = []

    init(_ mail: PreparedMail) {
        self.mail = mail
    }

    /// The first command.
    mutating func begin(_ capabilities: MailCapabilities) -> Action {
        if let limit = capabilities.sizeLimit, mail.wire.count > limit {
            let message = "\(mail.peer) takes messages of up to \(limit) bytes; this one has \(mail.wire.count)"
            return fail(MailFailure(.messageRefused, message, isPermanent: true), isPolite: true)
        }
        let size = capabilities.knowsSize ? " SIZE=\(mail.wire.count)" : ""
        return .say("MAIL FROM:<\(mail.sender)>\(size)")
    }

    /// Takes the server's next reply.
    mutating func receive(_ reply: MailReply) -> Action {
        switch phase {
        case .sender:
            guard reply.isPositive else { return refuse(Self.kindOfSenderRefusal(reply), reply, "the sender") }
            phase = .recipient(0)
            return .say("RCPT TO:<\(mail.recipients[0])>")
        case .recipient(let index):
            return receive(reply, for: index)
        case .data:
            guard reply.code == 354 else { return refuse(.messageRefused, reply, "the message") }
            phase = .message
            return .sendMessage
        case .message:
            // A server that has heard enough says so, and need not listen to the rest.
            guard reply.code >= 400 else { return surprise() }
            return fail(mail.failure(.messageRefused, reply, "the message"), isPolite: false)
        case .end:
            guard !reply.isPositive else {
                phase = .over
                return .finish(mail.masked(reply.text()))
            }
            guard reply.code >= 400 else { return surprise() }
            return refuse(.messageRefused, reply, "the message")
        case .over:
            return surprise()
        }
    }

    /// All of the message but its end is sent.
    mutating func messageSent() -> Action {
        phase = .end
        return .sendEnd
    }

    /// The server says what it was not asked for, or what is no reply.
    mutating func surprise() -> Action {
        let message = "\(mail.peer) does not speak SMTP as it should"
        return fail(MailFailure(.other, message, isAmbiguous: phase == .end), isPolite: false)
    }

    /// All recipients are asked for, so that the failure can name each that was refused.
    private mutating func receive(_ reply: MailReply, for index: Int) -> Action {
        let isClosing = reply.code == 421
        if !reply.isPositive { refused.append((mail.recipients[index], reply)) }
        if !isClosing, index + 1 < mail.recipients.count {
            phase = .recipient(index + 1)
            return .say("RCPT TO:<\(mail.recipients[index + 1])>")
        }
        guard let first = refused.first else {
            phase = .data
            return .say("DATA")
        }
        // Somebody who may be let in later makes it worth another attempt.
        let telling = refused.first { !$0.reply.isPermanentRefusal } ?? first
        let count = mail.recipients.count
        let who = count == 1 ? "the recipient" : "\(refused.count) of \(count) recipients"
        var failure = mail.failure(.recipientRefused, telling.reply, who)
        failure.refusedRecipients = refused.map(\.address)
        return fail(failure, isPolite: !isClosing)
    }

    private mutating func refuse(_ kind: MailFailure.Kind, _ reply: MailReply, _ what: String) -> Action {
        fail(mail.failure(kind, reply, what), isPolite: reply.code != 421)
    }

    private mutating func fail(_ failure: MailFailure, isPolite: Bool) -> Action {
        phase = .over
        return .fail(failure, isPolite: isPolite)
    }

    /// MAIL FROM is also where servers say that a login is needed (RFC 4954, section 6) or that the announced size is too
    /// much (RFC 1870, section 6.1).
    private static func kindOfSenderRefusal(_ reply: MailReply) -> MailFailure.Kind {
        switch reply.code {
        case 530, 538: .authentication
        case 552: .messageRefused
        default: .senderRefused
        }
    }
}
