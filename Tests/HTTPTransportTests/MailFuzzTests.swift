// Servers that answer at random: a mail always ends, and what it says about delivery is true.

import HTTPTransport
import Support
import Testing

@Suite struct MailFuzzTests {
    private static let answers = [
        "250 ok", "250-more\r\n250 ok", "354 go", "220 hi", "421 away", "450 later", "550 no", "235 in", "334 ", "",
        "250",
        "250 ok\r\n250 ok", "garbage", "250 \u{0}\u{1B}", "999 x", "25", "250-open", "354 go\r\n250 taken", "\r\n",
    ]

    @Test func randomAnswers() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let taken = Heard()
        let offered = Heard()
        let server = try RawServer { connection in
            // The recipient names the mail and thereby the answers it meets.
            var random: SplitMix?
            var name = ""
            try connection.speakSMTP { stage, line in
                if stage == "MAIL" {
                    name = String(line.drop { $0 != "<" }.dropFirst().prefix { $0 != "@" })
                    random = SplitMix(state: seed &+ (UInt64(name.dropFirst()) ?? 0))
                }
                if stage == "end" { offered.note(name) }
                guard var generator = random, Int.random(in: 0..<3, using: &generator) == 0 else {
                    random = random.map { SplitMix(state: $0.state &+ 7) }
                    if stage == "end" { taken.note(name) }
                    return nil
                }
                let answer = Self.answers.randomElement(using: &generator) ?? ""
                random = generator
                // Silence and half replies end with a close: the other side would wait for a minute.
                if ["", "250-open", "25", "\r\n"].contains(answer) {
                    try connection.send(answer)
                    connection.close()
                }
                return answer
            }
        }
        var timeouts = patient
        timeouts.firstByte = .seconds(2)
        let limits = timeouts
        try await withClient { client in
            for round in 0..<8 {
                try await withThrowingTaskGroup { group in
                    for index in 0..<25 {
                        let name = "m\(round * 25 + index)"
                        group.addTask {
                            var one = mail(server.port, timeouts: limits)
                            one.sender = "\(name)@example.com"
                            do {
                                _ = try await client.send(one)
                                #expect(offered.all.contains(name), "seed \(seed) \(name)")
                            } catch let failure as MailFailure {
                                // Without doubt not delivered: the server has not said yes to the whole of it.
                                let isTaken = taken.all.contains(name)
                                #expect(failure.isAmbiguous || !isTaken, "seed \(seed) \(name): \(failure)")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(client.statistics.active == 0, "seed \(seed)")
        }
    }
}
