// A receiver of webhooks: answers what the path says, and remembers what came.

import HTTPTransport
import JSON
import Support

/// A small HTTP server. `/<status>` answers with that status, `/reset` reads and breaks off, everything else is 200.
/// `?retry=` becomes Retry-After, `?say=` the body.
struct HookServer: Sendable {
    let process: ChildProcess
    let baseURL: String
    private let client: HTTPClient

    static func start(_ client: HTTPClient) async throws -> HookServer {
        let process = try await ChildProcess.start("python3", ["-B", "-c", script])
        let line = try await process.waitForLine(containing: "listening on")
        let port = line.split(separator: " ").last ?? ""
        return HookServer(process: process, baseURL: "http://127.0.0.1:\(port)", client: client)
    }

    /// `[{method, path, headers: {lower-case name: value}, body}]`.
    func requests() async throws -> [JSONValue] {
        let request = TransferRequest(method: "GET", url: "\(baseURL)/journal")
        return try JSONValue(parsing: try await client.fetch(request, bodyLimit: 16 << 20).body).array ?? []
    }

    private static let script = #"""
        import json, socket, struct
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from urllib.parse import parse_qs, urlsplit
        seen = []
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *arguments): pass
            def handle_any(self):
                url = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8")
                word = url.path.strip("/")
                if word == "journal":
                    return self.answer(200, json.dumps(seen), {})
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen.append({"method": self.command, "path": self.path, "headers": headers, "body": body})
                if word == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.rfile.close()
                    self.wfile = open("/dev/null", "wb")
                    return self.connection.close()
                more = {"Retry-After": query["retry"]} if "retry" in query else {}
                status = int(word) if word.isdigit() else 200
                if 300 <= status < 400: more["Location"] = "/landed"
                self.answer(status, query.get("say", ""), more)
            do_GET = do_POST = do_PUT = do_PATCH = handle_any
            def answer(self, status, body, headers):
                data = body.encode("utf-8")
                self.send_response(status)
                for name, value in headers.items(): self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
        class Server(ThreadingHTTPServer):
            daemon_threads = True
            def handle_error(self, request, client_address): pass
        server = Server(("127.0.0.1", 0), Handler)
        print("listening on %d" % server.server_address[1], flush=True)
        server.serve_forever()
        """#
}

func withHook(_ body: (HTTPClient, HookServer) async throws -> Void) async throws {
    let client = try HTTPClient()
    do {
        let server = try await HookServer.start(client)
        try await body(client, server)
        try await server.process.kill()
    } catch {
        await client.shutdown()
        throw error
    }
    await client.shutdown()
}
