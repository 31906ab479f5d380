// The parts of mail that need no socket: replies put together, the dialogue, the message on the wire.

import Support
import Testing

@testable import HTTPTransport

@Suite struct MailDialogueTests {
    private func prepared(to recipients: [String] = ["a@b"], message: [UInt8] = Array("x".utf8)) throws -> PreparedMail
    {
        let mail = MailTransfer(
            server: "h",
            port: 25,
            security: .none,
            sender: "s@b",
            recipients: recipients,
            message: message
        )
        return try PreparedMail(mail, peer: "h:25")
    }

    private func reply(_ code: Int, _ text: String = "text") -> MailReply {
        MailReply(code: code, lines: [Array(text.utf8)])
    }

    @Test func theUsualWay() throws {
        var dialogue = MailDialogue(try prepared(to: ["a@b", "c@d"]))
        var capabilities = MailCapabilities()
        #expect(dialogue.begin(capabilities) == .say("MAIL FROM:<s@b>"))
        capabilities = MailCapabilities(MailReply(code: 250, lines: ["h", "size 100", "HELP"].map { Array($0.utf8) }))
        #expect(capabilities.sizeLimit == 100)
        dialogue = MailDialogue(try prepared(to: ["a@b", "c@d"]))
        #expect(dialogue.begin(capabilities) == .say("MAIL FROM:<s@b> SIZE=3"))
        #expect(dialogue.receive(reply(250)) == .say("RCPT TO:<a@b>"))
        #expect(dialogue.receive(reply(251)) == .say("RCPT TO:<c@d>"))
        #expect(dialogue.receive(reply(250)) == .say("DATA"))
        #expect(dialogue.receive(reply(354)) == .sendMessage)
        #expect(!dialogue.isUndecided)
        #expect(dialogue.messageSent() == .sendEnd)
        #expect(dialogue.isUndecided)
        #expect(dialogue.receive(reply(250, "queued")) == .finish("250 queued"))
        #expect(!dialogue.isUndecided)
    }

    @Test func nobodyKeepsAskingAServerThatCloses() throws {
        var dialogue = MailDialogue(try prepared(to: ["a@b", "c@d"]))
        _ = dialogue.begin(MailCapabilities())
        _ = dialogue.receive(reply(250))
        guard case .fail(let failure, let isPolite) = dialogue.receive(reply(421)) else {
            Issue.record("should have failed")
            return
        }
        #expect(failure.code == 421 && !failure.isPermanent && !isPolite)
    }

    @Test func noSizeLimitIsNone() {
        for text in ["SIZE", "SIZE 0", "SIZE x"] {
            let capabilities = MailCapabilities(MailReply(code: 250, lines: [Array("h".utf8), Array(text.utf8)]))
            #expect(capabilities.knowsSize && capabilities.sizeLimit == nil)
        }
    }

    // MARK: - Replies in pieces

    @Test func repliesSurviveEverySplit() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        for _ in 0..<300 {
            var bytes: [UInt8] = []
            var expected: [MailReply] = []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let code = Int.random(in: 200...599, using: &random)
                let lines = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    (0..<Int.random(in: 0...9, using: &random)).map { _ in UInt8.random(in: 0x20...0xFF, using: &random)
                    }
                }
                for (index, line) in lines.enumerated() {
                    let mark = index + 1 < lines.count ? "-" : " "
                    let end = Bool.random(using: &random) ? "\r\n" : "\n"
                    bytes += Array("\(code)\(mark)".utf8) + line + Array(end.utf8)
                }
                expected.append(MailReply(code: code, lines: lines))
            }
            var reader = MailReplyReader(limit: 10_000)
            var found: [MailReply] = []
            while !bytes.isEmpty {
                let count = Int.random(in: 1...bytes.count, using: &random)
                reader.append(bytes.prefix(count))
                bytes.removeFirst(count)
                while case .reply(let reply) = reader.next() { found.append(reply) }
            }
            #expect(found == expected, "seed \(seed)")
            #expect(!reader.hasMore && reader.next() == .more, "seed \(seed)")
        }
    }

    @Test func whatIsNoReply() {
        for line in ["", "25", "2x0 a", "250_a", "199 a", "600 a", " 250 a", "HTTP/1.1 200 OK"] {
            var reader = MailReplyReader(limit: 100)
            reader.append(Array("\(line)\r\n".utf8))
            #expect(reader.next() == .malformed, "\(line)")
        }
        var bare = MailReplyReader(limit: 100)
        bare.append(Array("250\r\n".utf8))
        #expect(bare.next() == .reply(MailReply(code: 250, lines: [[]])))
        var long = MailReplyReader(limit: 10)
        long.append(Array("250 12345678".utf8))
        #expect(long.next() == .tooLong)
    }

    // MARK: - The message on the wire

    /// However the bytes lie: no lone CR or LF, no line that is a dot, and the receiver gets the lines that were sent.
    @Test func theWireCannotEndEarly() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        let alphabet: [UInt8] = [0x0D, 0x0A, 0x2E, 0x2E, 0x61, 0x20]
        for _ in 0..<2_000 {
            let message = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0x61
            }
            let wire = try prepared(message: message).wire
            let lines = Self.lines(wire)
            #expect(lines != nil, "seed \(seed): \(message)")
            #expect(lines?.contains([0x2E]) == false, "seed \(seed): \(message)")
            let received = lines?.map { $0.first == 0x2E ? Array($0.dropFirst()) : $0 }
            #expect(received == Self.sentLines(message), "seed \(seed): \(message)")
        }
    }

    /// Nil when a line end is not CRLF, or the last line has none.
    private static func lines(_ wire: [UInt8]) -> [[UInt8]]? {
        let text = String(decoding: wire, as: UTF8.self).unicodeScalars
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            Array($0.map { UInt8($0.value) })
        }
        guard lines.popLast() == [] else { return nil }
        guard lines.allSatisfy({ $0.last == 0x0D && !$0.dropLast().contains(0x0D) }) else { return nil }
        return lines.map { Array($0.dropLast()) }
    }

    private static func sentLines(_ message: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        for (index, byte) in message.enumerated() {
            if byte == 0x0A, index > 0, message[index - 1] == 0x0D { continue }
            if byte == 0x0D || byte == 0x0A { lines.append([]) } else { lines[lines.count - 1].append(byte) }
        }
        if lines.last == [] { lines.removeLast() }
        return lines
    }
}
