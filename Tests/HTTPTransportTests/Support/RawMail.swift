// SMTP spoken byte by byte over the raw server, for what a real mail server would never do.

import Glibc
import HTTPTransport
import Synchronization
import Testing

extension RawConnection {
    /// Speaks SMTP: asks `answer` for the reply at every stage (`greeting`, then the command's first word, and `end` when
    /// the message has come) and sends it; the usual one for nil. An empty reply sends nothing. Returns when the other
    /// side has closed.
    func speakSMTP(_ answer: (_ stage: String, _ line: String) throws -> String? = { _, _ in nil }) throws {
        try reply(answer("greeting", "") ?? "220 mail.test ready")
        while let line = try readLine() {
            let word = line.prefix { $0 != " " }.uppercased()
            let usual =
                switch word {
                case "EHLO": "250-mail.test\r\n250 HELP"
                case "DATA": "354 go ahead"
                case "QUIT": "221 bye"
                default: "250 ok"
                }
            let said = try answer(word, line) ?? usual
            try reply(said)
            guard word == "DATA", said.hasPrefix("354") else { continue }
            var message = ""
            while true {
                // Closed before its end: no message.
                guard let line = try readLine() else { return }
                if line == "." { break }
                message += line + "\n"
            }
            try reply(answer("end", message) ?? "250 queued")
        }
    }

    private func reply(_ text: String) throws {
        if !text.isEmpty { try send(text + "\r\n") }
    }

    /// A line without its end; nil when the other side has closed.
    func readLine() throws -> String? {
        var bytes: [UInt8] = []
        while let byte = try read(1)?.first {
            if byte == 0x0A {
                if bytes.last == 0x0D { bytes.removeLast() }
                return String(decoding: bytes, as: UTF8.self)
            }
            bytes.append(byte)
        }
        return nil
    }
}

/// What a raw mail server heard.
final class Heard: Sendable {
    private let lines = Mutex<[String]>([])

    func note(_ line: String) { lines.withLock { $0.append(line) } }

    var all: [String] { lines.withLock { $0 } }

    func contains(_ word: String) -> Bool { all.contains { $0.hasPrefix(word) } }
}

/// A mail to a server on loopback, with limits that no test reaches by accident.
func mail(
    _ port: Int,
    _ security: MailSecurity = .none,
    to recipients: [String] = ["ops@example.com"],
    body: String = "hello",
    timeouts: TransferTimeouts = patient
) -> MailTransfer {
    MailTransfer(
        server: "127.0.0.1",
        port: port,
        security: security,
        sender: "opsgate@example.com",
        recipients: recipients,
        message: Array("Subject: test\r\n\r\n\(body)\r\n".utf8),
        timeouts: timeouts
    )
}

/// The failure of a mail; a recorded issue when it went.
func mailFailure(_ client: HTTPClient, _ mail: MailTransfer) async -> MailFailure? {
    do {
        let reply = try await client.send(mail)
        Issue.record("should have failed, but was accepted: \(reply)")
        return nil
    } catch {
        return error
    }
}
