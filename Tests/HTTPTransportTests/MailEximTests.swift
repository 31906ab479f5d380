// Mail to a real mail server as it comes with Debian: exim4, in a folder of its own and on a free port.

import Foundation
import Glibc
import HTTPTransport
import Support
import Testing

@Suite(.enabled(if: Exim.isAvailable, "needs exim4, and root for delivering as another user"))
struct MailEximTests {
    @Test func deliveredRefusedAndPutOff() async throws {
        let exim = try await Exim.start()
        try await withClient { client in
            var good = mail(exim.port, .startTLS, body: ".\r\n..\r\nhello exim")
            good.caFile = exim.caFile
            good.username = "ops"
            good.password = "secret"
            let reply = try await client.send(good)
            #expect(reply.hasPrefix("250 OK id="))
            let delivered = try await Support.eventually("the mail is in its folder") { try exim.delivered().first }
            #expect(delivered.hasSuffix("Subject: test\n\n.\n..\nhello exim\n"))
            #expect(delivered.contains("(TLS1.3)") || delivered.contains("TLS"))

            var nobody = good
            nobody.recipients = ["nobody@example.com"]
            let refused = await mailFailure(client, nobody)
            #expect(refused?.kind == .recipientRefused && refused?.code == 550 && refused?.isPermanent == true)
            #expect(refused?.message.hasSuffix("550 no such user") == true)

            var later = good
            later.recipients = ["ops@example.com", "later@example.com"]
            let putOff = await mailFailure(client, later)
            #expect(putOff?.kind == .recipientRefused && putOff?.code == 451 && putOff?.isPermanent == false)
            #expect(putOff?.refusedRecipients == ["later@example.com"])

            var wrong = good
            wrong.password = "wrong"
            let denied = await mailFailure(client, wrong)
            #expect(denied?.kind == .authentication && denied?.code == 535 && denied?.isPermanent == true)

            // Exim does not offer the login without TLS.
            good.security = .none
            #expect(await mailFailure(client, good)?.kind == .authentication)
            #expect(try exim.delivered().count == 1)
        }
    }
}

/// exim4 with a configuration that delivers everything into files of one folder.
private final class Exim: Sendable {
    static let isAvailable = access("/usr/sbin/exim4", X_OK) == 0 && getuid() == 0

    let port: Int
    let caFile: String
    private let folder: Support.TemporaryFolder
    private let process: Support.ChildProcess

    private init(port: Int, folder: Support.TemporaryFolder, process: Support.ChildProcess) {
        self.port = port
        self.folder = folder
        self.process = process
        caFile = folder.file("ca.pem")
    }

    static func start() async throws -> Exim {
        let folder = try Support.TemporaryFolder("exim")
        try await TestCertificate.make(in: folder, names: "IP:127.0.0.1")
        for name in ["spool", "log", "mail"] { mkdir(folder.file(name), 0o777) }
        // Exim leaves root behind and must still get at them.
        for name in ["spool", "log", "mail"] { chmod(folder.file(name), 0o777) }
        for name in ["", "server.key", "server.pem"] { chmod(folder.file(name), 0o755) }
        let port = try FreePort.take()
        let file = try folder.write(configuration(folder.path), to: "exim.conf")
        let process = try await Support.ChildProcess.start(
            "/usr/sbin/exim4",
            ["-bdf", "-C", file, "-oX", "127.0.0.1:\(port)"],
            log: folder.file("output")
        )
        try await process.waitForPort(port)
        return Exim(port: port, folder: folder, process: process)
    }

    /// What was delivered, each mail as exim wrote it.
    func delivered() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.file("mail")).filter { $0.hasPrefix("q") }
            .map { try folder.read("mail/\($0)") }
    }

    private static func configuration(_ folder: String) -> String {
        """
        primary_hostname = mail.test
        spool_directory = \(folder)/spool
        log_file_path = \(folder)/log/%slog
        pid_file_path = \(folder)/exim.pid
        local_interfaces = 127.0.0.1
        tls_advertise_hosts = *
        tls_certificate = \(folder)/server.pem
        tls_privatekey = \(folder)/server.key
        host_lookup =
        rfc1413_hosts =
        keep_environment =
        acl_smtp_rcpt = check_recipient
        begin acl
        check_recipient:
          deny local_parts = nobody
               message = no such user
          defer local_parts = later
          accept authenticated = *
          deny message = log in first
        begin routers
        everything:
          driver = accept
          transport = file
        begin transports
        file:
          driver = appendfile
          directory = \(folder)/mail
          create_directory = false
          user = Debian-exim
        begin authenticators
        plain:
          driver = plaintext
          public_name = PLAIN
          server_prompts = :
          server_set_id = $auth2
          server_condition = ${if and{{eq{$auth2}{ops}}{eq{$auth3}{secret}}}}
          server_advertise_condition = ${if def:tls_in_cipher}

        """
    }
}
