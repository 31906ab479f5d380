// A mail that has been checked and brought into the form in which it is sent, off the loop's thread.

/// A checked mail. Nothing in it can end a command line early or begin another.
struct PreparedMail: Sendable {
    let security: MailSecurity
    let username: String?
    let password: String?
    let sender: String
    let recipients: [String]
    /// The message as it goes over the wire, dots doubled, with the line end before the final dot but without the dot.
    let wire: [UInt8]
    /// Host and port as messages name them.
    let peer: String
    let caFile: String?

    /// - Throws: `.invalidAddress`, `.invalidCredentials`, `.invalidMessage`.
    init(_ mail: MailTransfer, peer: String) throws(MailFailure) {
        guard mail.sender.isEmpty || Self.isSafeAddress(mail.sender) else {
            throw MailFailure(.invalidAddress, "the sender's address cannot be used", isPermanent: true)
        }
        guard !mail.recipients.isEmpty, mail.recipients.count <= 100 else {
            throw MailFailure(.invalidAddress, "a mail has between 1 and 100 recipients", isPermanent: true)
        }
        guard mail.recipients.allSatisfy(Self.isSafeAddress) else {
            throw MailFailure(.invalidAddress, "a recipient's address cannot be used", isPermanent: true)
        }
        let credentials = [mail.username, mail.password].compactMap(\.self)
        guard credentials.allSatisfy({ $0.utf8.count <= 1_024 && $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } })
        else {
            throw MailFailure(
                .invalidCredentials,
                "the user name or the password contains control characters or is too long",
                isPermanent: true
            )
        }
        guard !mail.message.isEmpty, mail.message.allSatisfy({ $0 > 0 && $0 < 0x80 }) else {
            throw MailFailure(.invalidMessage, "the message is empty or not ASCII", isPermanent: true)
        }
        security = mail.security
        // An empty name is what a form sends for "no login".
        username = mail.username.flatMap { $0.isEmpty ? nil : $0 }
        password = mail.password
        sender = mail.sender
        recipients = mail.recipients
        wire = Self.wire(mail.message)
        self.peer = peer
        caFile = mail.caFile
    }

    /// What can stand between the angle brackets of a path: printable ASCII with an at sign, no brackets or spaces, not
    /// longer than RFC 5321, section 4.5.3.1, allows. Whether it is an address is for the server to say.
    static func isSafeAddress(_ address: String) -> Bool {
        let bytes = address.utf8
        guard bytes.count <= 254, let at = bytes.lastIndex(of: 0x40) else { return false }
        return at != bytes.startIndex && bytes.index(after: at) != bytes.endIndex
            && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x3C && $0 != 0x3E }
    }

    /// The message with CRLF at every line's end and a second dot before lines that begin with one (RFC 5321, section
    /// 4.5.2). A lone CR or LF would be taken for a line end by some servers and not by others, which is how mails are
    /// smuggled into mails.
    static func wire(_ message: [UInt8]) -> [UInt8] {
        var wire: [UInt8] = []
        wire.reserveCapacity(message.count + message.count / 64 + 2)
        var isLineStart = true
        var index = 0
        while index < message.count {
            let byte = message[index]
            index += 1
            if byte == 0x0D || byte == 0x0A {
                if byte == 0x0D, index < message.count, message[index] == 0x0A { index += 1 }
                wire.append(0x0D)
                wire.append(0x0A)
                isLineStart = true
            } else {
                if isLineStart, byte == 0x2E { wire.append(0x2E) }
                wire.append(byte)
                isLineStart = false
            }
        }
        if !isLineStart { wire += [0x0D, 0x0A] }
        return wire
    }
}

extension PreparedRequest {
    /// - Throws: `.invalidServer` and what `PreparedMail` throws; all of them permanent.
    init(_ mail: MailTransfer, defaultCAFile: String?) throws(MailFailure) {
        guard let host = Self.host(mail.server), (1...65_535).contains(mail.port) else {
            throw MailFailure(.invalidServer, "not a mail server's name and port", isPermanent: true)
        }
        let scheme = mail.security == .tls ? "smtps" : "smtp"
        self.init(
            url: "\(scheme)://\(host):\(mail.port)",
            timeouts: mail.timeouts,
            verifyTLS: mail.verifyTLS,
            caFile: mail.caFile ?? defaultCAFile,
            content: .mail(try PreparedMail(mail, peer: "\(host):\(mail.port)"))
        )
    }

    /// A host name or address as it stands in a URL; nil for anything that could mean more there.
    private static func host(_ server: String) -> String? {
        let isBracketed = server.hasPrefix("[") && server.hasSuffix("]")
        let bare = isBracketed ? server.dropFirst().dropLast() : server[...]
        let isNumeric = bare.utf8.contains(0x3A)
        guard !bare.isEmpty, bare.utf8.count <= 255, isBracketed == false || isNumeric else { return nil }
        let isPlain = bare.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x3A: true
            // Names in other scripts are libcurl's to translate.
            default: byte >= 0x80
            }
        }
        guard isPlain else { return nil }
        return isNumeric ? "[\(bare)]" : String(bare)
    }
}
