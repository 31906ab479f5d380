// A descriptor's number is used again: what was known of the one before must not be taken for it.

import Dispatch
import Glibc
import HTTPTransport
import Testing

@Suite struct ReusedDescriptorTests {
    /// libcurl closes an attempt to connect that is given up without a word; the next one gets its number.
    @Test func anAttemptThatWasGivenUpDoesNotMakeTheNextOneDeaf() async throws {
        let full = try FullListener()
        try await withClient(.init(threads: 1)) { client in
            var hasty = patient
            hasty.connect = .milliseconds(200)
            for _ in 0..<3 {
                let failure = await failure { () throws(TransferFailure) in
                    try await client.fetch(get(full.url, timeouts: hasty), bodyLimit: 10)
                }
                #expect(failure?.kind == .connectTimeout)
            }
            full.answer()
            let response = try await client.fetch(get(full.url, timeouts: patient), bodyLimit: 10)
            #expect(response.body == Array("ok".utf8))
        }
    }
}

/// A socket that listens with so short a queue that connecting to it waits, until somebody begins to accept.
private final class FullListener: Sendable {
    let url: String
    private let listening: Int32
    private let waiting: [Int32]

    init() throws {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try #require(bind(listening, address, size) == 0 && listen(listening, 0) == 0)
                try #require(getsockname(listening, address, &size) == 0)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        var waiting: [Int32] = []
        for _ in 0..<4 {
            let one = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(one, $0, size) }
            }
            waiting.append(one)
        }
        self.listening = listening
        self.waiting = waiting
        url = "http://127.0.0.1:\(port)/"
    }

    deinit {
        for descriptor in waiting + [listening] { close(descriptor) }
    }

    /// Accepts whoever comes, from now on, and answers.
    func answer() {
        let listening = listening
        DispatchQueue(label: "accept").async {
            while true {
                let one = accept(listening, nil, nil)
                guard one >= 0 else { return }
                let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
                _ = send(one, text, text.utf8.count, Int32(MSG_NOSIGNAL))
                shutdown(one, Int32(SHUT_WR))
            }
        }
    }
}
