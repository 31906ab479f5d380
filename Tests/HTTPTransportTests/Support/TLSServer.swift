// A TLS server from the openssl command, with certificates made for the occasion.

import Foundation
import Glibc
import Synchronization

/// `openssl s_server -HTTP` on a random loopback port, serving the files of a temporary folder as whole responses.
/// Stops, and removes the folder, when it is let go.
final class TLSServer: Sendable {
    static let isAvailable = find("openssl") != nil

    let port: Int
    /// The certificate authority that signed the server's certificate.
    let caFile: String
    private let folder: URL
    private let process: Mutex<Process>

    /// - Parameter names: the certificate's subject alternative names, as openssl writes them.
    init(names: String = "IP:127.0.0.1", files: [String: [UInt8]]) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("opsgate-tls-\(UUID().uuidString)")
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        caFile = folder.appendingPathComponent("ca.pem").path
        for (name, response) in files { try Data(response).write(to: folder.appendingPathComponent(name)) }
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        for arguments in [
            "req -x509 \(key) -keyout ca.key -out ca.pem -days 2 -subj /CN=Test-CA",
            "req -x509 \(key) -keyout server.key -out server.pem -days 2 -subj /CN=server -CA ca.pem -CAkey ca.key"
                + " -addext subjectAltName=\(names) -addext basicConstraints=critical,CA:FALSE",
        ] {
            let process = try Self.start(arguments, in: folder, output: FileHandle.nullDevice)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw RawServerError(what: "openssl \(arguments)") }
        }
        let output = Pipe()
        let server = try Self.start(
            "s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -HTTP", in: folder, output: output)
        process = Mutex(server)
        guard let port = Self.port(in: output.fileHandleForReading) else {
            kill(server.processIdentifier, SIGKILL)
            throw RawServerError(what: "openssl s_server did not say its port")
        }
        self.port = port
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    }

    deinit {
        process.withLock { process in
            // Children of a task's thread inherit its mask, in which SIGTERM is blocked.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: folder)
    }

    /// The number in "ACCEPT 127.0.0.1:43210", once that line is whole.
    private static func port(in output: FileHandle) -> Int? {
        var text = ""
        while true {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            if let line = lines.dropLast().first(where: { $0.hasPrefix("ACCEPT") }) {
                return line.split(separator: ":").last.flatMap { Int($0) }
            }
            let more = output.availableData
            guard !more.isEmpty else { return nil }
            text += String(decoding: more, as: UTF8.self)
        }
    }

    private static func start(_ arguments: String, in folder: URL, output: Any) throws -> Process {
        guard let path = find("openssl") else { throw RawServerError(what: "no openssl") }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static func find(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
