// Why a mail was not accepted, and whether another attempt makes sense.

/// Why a mail did not go. The message is fit for a log and for the person who set the server up: it names host and port
/// and what the server answered, cleaned and cut, never a password and never the mail's content.
package struct MailFailure: Error, Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Not a host name or a port.
        case invalidServer
        /// An address that cannot stand in an envelope: empty, too long, not ASCII, or with line ends in it.
        case invalidAddress
        /// A user name or password with control characters.
        case invalidCredentials
        /// A message that is empty or not ASCII.
        case invalidMessage
        case couldNotResolve
        /// Nobody listens there, or the server greets with a refusal.
        case couldNotConnect
        /// The handshake failed, the certificate was refused, or STARTTLS is not to be had.
        case tls
        /// The login was refused or is not offered.
        case authentication
        case senderRefused
        case recipientRefused
        /// The server does not take this message.
        case messageRefused
        case timeout
        case connectionLost
        case cancelled
        case shutDown
        case other
    }

    package var kind: Kind
    /// The server's reply code, where one decided (RFC 5321, section 4.2.3).
    package var code: Int?
    package var message: String
    /// The same mail with the same settings has no better chance later. False for everything that may pass: names that
    /// do not resolve, refused connections, certificates, replies of 4xx.
    package var isPermanent: Bool
    /// The end of the message had been sent and no answer came: the mail may be on its way or not.
    package var isAmbiguous: Bool
    /// The recipients that were refused, of several. Nobody got the mail then.
    package var refusedRecipients: [String]

    package init(
        _ kind: Kind,
        code: Int? = nil,
        _ message: String,
        isPermanent: Bool = false,
        isAmbiguous: Bool = false,
        refusedRecipients: [String] = []
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.isPermanent = isPermanent
        self.isAmbiguous = isAmbiguous
        self.refusedRecipients = refusedRecipients
    }
}

extension MailFailure: CustomStringConvertible {
    package var description: String { "\(kind.rawValue): \(message)" }
}

extension MailFailure {
    /// What the loop or the machine said about a mail.
    ///
    /// - Parameter isCommitted: the end of the message may have left.
    init(_ failure: TransferFailure, isCommitted: Bool) {
        if let mail = failure.mail {
            self = mail
            return
        }
        let kind: Kind =
            switch failure.kind {
            case .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout: .timeout
            case .connectionLost: .connectionLost
            case .cancelled: .cancelled
            case .shutDown: .shutDown
            default: .other
            }
        self.init(kind, failure.message, isAmbiguous: isCommitted)
    }
}
