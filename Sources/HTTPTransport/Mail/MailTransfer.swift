// One mail to one server: the envelope, the finished message, and how to get there.

/// How the connection to a mail server is protected.
package enum MailSecurity: String, Sendable, CaseIterable {
    /// Plain text from end to end, a password included.
    case none
    /// Plain text at first, then TLS by STARTTLS. A server without it, or one that refuses it, is not sent anything.
    case startTLS
    /// TLS from the first byte.
    case tls
}

/// A mail to be handed to a mail server by SMTP (RFC 5321).
package struct MailTransfer: Sendable {
    /// A host name or an address, without port; IPv6 with or without brackets.
    package var server: String
    package var port: Int
    package var security: MailSecurity
    /// Logs in when there is one; a server that offers no login then fails the mail. PLAIN and LOGIN, and CRAM-MD5
    /// where the connection is not encrypted.
    package var username: String?
    package var password: String?
    /// The envelope's sender, to whom failures are reported: a bare address, or empty for nobody.
    package var sender: String
    /// Bare addresses. All are accepted by the server, or nobody gets the mail.
    package var recipients: [String]
    /// The whole message, headers and body, in ASCII. Lone CR and LF become line ends; dots are doubled on the way.
    package var message: [UInt8]
    /// `connect` lasts until the login is done, `firstByte` is the patience for each answer after that, `idle` that
    /// for the next bytes of the message to leave.
    package var timeouts: TransferTimeouts
    /// Whether the server's certificate is checked. Only somebody who was asked to may set it to false.
    package var verifyTLS: Bool
    /// A PEM file of certificate authorities to trust instead of the system's.
    package var caFile: String?

    /// Mail servers take their time: many greet late on purpose, and look through a message before they accept it
    /// (RFC 5321, section 4.5.3.2, asks for minutes). Giving up on the last answer may mean sending twice.
    package static let timeouts = TransferTimeouts(
        connect: .seconds(30),
        firstByte: .seconds(120),
        idle: .seconds(60),
        total: .seconds(300)
    )

    package init(
        server: String,
        port: Int,
        security: MailSecurity,
        username: String? = nil,
        password: String? = nil,
        sender: String,
        recipients: [String],
        message: [UInt8],
        timeouts: TransferTimeouts = MailTransfer.timeouts,
        verifyTLS: Bool = true,
        caFile: String? = nil
    ) {
        self.server = server
        self.port = port
        self.security = security
        self.username = username
        self.password = password
        self.sender = sender
        self.recipients = recipients
        self.message = message
        self.timeouts = timeouts
        self.verifyTLS = verifyTLS
        self.caFile = caFile
    }
}

/// Shows neither the password nor what the mail says, whichever way it is printed.
extension MailTransfer: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        "mail of \(message.count) bytes to \(recipients.count) through \(server):\(port)"
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [Mirror.Child]()) }
}
