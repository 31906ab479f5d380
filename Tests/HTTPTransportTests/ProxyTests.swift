// Proxies from the environment, each in a process of its own because the environment is everybody's.

import Glibc
import HTTPTransport
import Testing

@Suite struct ProxyTests {
    @Test func plainRequestsGoThroughTheProxy() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer { connection in
                while try connection.readRequest() != nil { try connection.respond(body: "proxied") }
            }
            setenv("http_proxy", "http://user:word@127.0.0.1:\(proxy.port)", 1)
            try await withClient { client in
                let response = try await client.fetch(get("http://upstream.invalid/path?x=1"), bodyLimit: 100)
                #expect(response.body == Array("proxied".utf8))
            }
            let seen = try #require(proxy.accepted.first?.requests.first)
            #expect(seen.line == "GET http://upstream.invalid/path?x=1 HTTP/1.1")
            #expect(seen.header("proxy-authorization")?.hasPrefix("Basic ") == true)
        }
    }

    @Test func tunnelsAndTheirRefusal() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer { connection in
                _ = try connection.readRequest()
                try connection.respond(403, body: "")
            }
            setenv("https_proxy", "http://user:word@127.0.0.1:\(proxy.port)", 1)
            try await withClient { client in
                let failure = await failure { () throws(TransferFailure) in
                    try await client.fetch(get("https://upstream.invalid/path"), bodyLimit: 100)
                }
                #expect(failure?.kind == .couldNotConnect)
                #expect(failure?.message.contains("word") == false)
            }
            #expect(proxy.accepted.first?.requests.first?.line == "CONNECT upstream.invalid:443 HTTP/1.1")
        }
    }

    @Test func exceptionsGoStraight() async throws {
        await #expect(processExitsWith: .success) {
            let server = try RawServer { connection in
                while try connection.readRequest() != nil { try connection.respond(body: "direct") }
            }
            setenv("http_proxy", "http://127.0.0.1:1", 1)
            setenv("no_proxy", "localhost,127.0.0.1", 1)
            try await withClient { client in
                let response = try await client.fetch(get(server.url()), bodyLimit: 100)
                #expect(response.body == Array("direct".utf8))
            }
        }
    }
}
