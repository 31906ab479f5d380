// A TLS server from the openssl command, with certificates made for the occasion.

import Foundation
import Glibc

/// `openssl s_server -HTTP` on a random loopback port, serving the files of a temporary folder as whole responses; or
/// Python, which takes bodies. Stops, and removes the folder, when it is let go.
final class TLSServer: Sendable {
    static let isAvailable = ChildProcess.find("openssl") != nil
    static let canPost = isAvailable && ChildProcess.find("python3") != nil

    let port: Int
    /// The certificate authority that signed the server's certificate.
    let caFile: String
    private let folder: TemporaryFolder
    private let process: ChildProcess

    /// - Parameter names: the certificate's subject alternative names, as openssl writes them.
    convenience init(names: String = "IP:127.0.0.1", files: [String: [UInt8]]) throws {
        let serve = "s_server -accept 127.0.0.1:0 -cert server.pem -key server.key -HTTP"
        try self.init(names, files, "openssl", serve.split(separator: " ").map(String.init))
    }

    /// Keeps connections, and answers each POST with that text.
    convenience init(answer: String) throws {
        try self.init("IP:127.0.0.1", ["serve.py": Array(Self.script.utf8)], "python3", ["-u", "serve.py", answer])
    }

    private init(_ names: String, _ files: [String: [UInt8]], _ program: String, _ words: [String]) throws {
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
        guard let program = ChildProcess.find(program) else { throw RawServerError(what: "no \(program)") }
        process = try ChildProcess(program, words, in: folder.path, output: log)
        port = try Self.port(in: log)
    }

    /// The bodies that were posted, in order.
    var posted: [String] {
        let text = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { $0.hasPrefix("POST ") }.map { String($0.dropFirst(5)) }
    }

    private static let script = """
        import http.server, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                print("POST " + self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(200)
                self.send_header("Content-Length", str(len(sys.argv[1])))
                self.end_headers()
                self.wfile.write(sys.argv[1].encode())
            def log_message(self, *arguments):
                pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("server.pem", "server.key")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # The handshake is each connection's own thread's: one that waits holds nobody up.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print(f"ACCEPT 127.0.0.1:{server.server_port}")
        server.serve_forever()
        """

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
        throw RawServerError(what: "the server did not say its port")
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
