// A TLS server from the openssl command, with certificates made for the occasion.

import Foundation
import Glibc

/// `openssl s_server -HTTP` on a random loopback port, serving the files of a temporary folder as whole responses.
/// Stops, and removes the folder, when it is let go.
final class TLSServer: Sendable {
    static let isAvailable = ChildProcess.find("openssl") != nil

    let port: Int
    /// The certificate authority that signed the server's certificate.
    let caFile: String
    private let folder: TemporaryFolder
    private let process: ChildProcess

    /// - Parameter names: the certificate's subject alternative names, as openssl writes them.
    init(names: String = "IP:127.0.0.1", files: [String: [UInt8]]) throws {
        guard let openssl = ChildProcess.find("openssl") else { throw RawServerError(what: "no openssl") }
        let folder = try TemporaryFolder()
        self.folder = folder
        caFile = folder.path + "/ca.pem"
        let log = folder.path + "/log"
        for (name, response) in files { try Data(response).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)")) }
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        for arguments in [
            "req -x509 \(key) -keyout ca.key -out ca.pem -days 2 -subj /CN=Test-CA",
            "req -x509 \(key) -keyout server.key -out server.pem -days 2 -subj /CN=server -CA ca.pem -CAkey ca.key"
                + " -addext subjectAltName=\(names) -addext basicConstraints=critical,CA:FALSE",
        ] {
            let words = arguments.split(separator: " ").map(String.init)
            guard try ChildProcess(openssl, words, in: folder.path, output: log).wait() == 0 else {
                throw RawServerError(what: "openssl \(arguments)")
            }
        }
        let serve = "s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -HTTP"
        let words = serve.split(separator: " ").map(String.init)
        process = try ChildProcess(openssl, words, in: folder.path, output: log)
        port = try Self.port(in: log)
    }

    /// The number in "ACCEPT 127.0.0.1:43210", once that line is whole.
    private static func port(in log: String) throws -> Int {
        for _ in 0..<2_000 {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            if let line = lines.dropLast().first(where: { $0.hasPrefix("ACCEPT") }),
                let port = line.split(separator: ":").last.flatMap({ Int($0) })
            {
                return port
            }
            usleep(5_000)
        }
        throw RawServerError(what: "openssl s_server did not say its port")
    }
}

/// A folder that is removed, with what is in it, when it is let go.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/opsgate-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
