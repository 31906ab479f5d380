// A real mail server for tests, with the mails that it has accepted.
package import Foundation

/// aiosmtpd on a free loopback port (`Tests/MailServer/mail_server.py`, which lists the options). Stops when it is let go.
package final class MailServer: Sendable {
    /// A mail as the server took it and Python's email package reads it.
    package struct Mail: Decodable, Sendable {
        /// The envelope.
        package var from: String
        package var to: [String]
        /// Parameters of MAIL FROM.
        package var options: [String]
        package var tls: Bool
        package var user: String?
        package var subject: String?
        /// Names and values, decoded.
        package var headers: [[String]]
        /// Display name and address of each.
        package var fromAddresses: [[String]]
        package var toAddresses: [[String]]
        package var text: String?
        package var html: String?
        /// The content types of all parts, the outermost first.
        package var types: [String]
        /// What Python found wrong.
        package var defects: [String]
        /// The message as it came, dots undone.
        package var raw: Data

        /// The first header of that name.
        package func header(_ name: String) -> String? {
            headers.first { $0[0].lowercased() == name.lowercased() }?[1]
        }
    }

    package let port: Int
    /// What made its certificate, when it has one.
    package let caFile: String
    private let folder: TemporaryFolder
    private let process: ChildProcess

    private init(port: Int, folder: TemporaryFolder, process: ChildProcess) {
        self.port = port
        self.folder = folder
        self.process = process
        caFile = folder.file("ca.pem")
    }

    /// - Parameter names: the certificate's subject alternative names, as openssl writes them; nil for no TLS at all.
    package static func start(_ arguments: [String] = [], names: String? = nil) async throws -> MailServer {
        let folder = try TemporaryFolder("mail")
        var words = [BuiltProducts.packageRoot + "/Tests/MailServer/mail_server.py", "--folder", folder.path]
        if let names {
            try await TestCertificate.make(in: folder, names: names)
            words += ["--certificate", folder.file("server.pem"), "--key", folder.file("server.key")]
        }
        let python = try await PythonEnvironment.shared().python
        let process = try await ChildProcess.start(
            python,
            words + arguments,
            environment: ["PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"],
            log: folder.file("log")
        )
        let line = try await process.waitForLine(containing: "port ")
        guard let port = line.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw SupportError("no port in \(line)")
        }
        return MailServer(port: port, folder: folder, process: process)
    }

    /// Everything accepted so far, in order.
    package func mails() throws -> [Mail] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
            .sorted()
            .map { try decoder.decode(Mail.self, from: Data(contentsOf: URL(fileURLWithPath: folder.file($0)))) }
    }
}

/// A certificate authority and a server certificate by it, for loopback tests.
package enum TestCertificate {
    /// Writes `ca.pem`, `server.pem` and `server.key`.
    /// - Parameter names: subject alternative names, such as `IP:127.0.0.1,DNS:localhost`.
    package static func make(in folder: TemporaryFolder, names: String) async throws {
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        for arguments in [
            "req -x509 \(key) -keyout ca.key -out ca.pem -days 2 -subj /CN=Test-CA",
            "req -x509 \(key) -keyout server.key -out server.pem -days 2 -subj /CN=server -CA ca.pem -CAkey ca.key"
                + " -addext subjectAltName=\(names) -addext basicConstraints=critical,CA:FALSE",
        ] {
            try await Command.succeed("openssl", arguments.split(separator: " ").map(String.init), folder: folder.path)
        }
    }
}
