// Cutting by bytes between characters, and keeping secrets out of what is told.

import JSON
import Testing

@testable import Notifications

@Suite struct ShownTextTests {
    @Test(arguments: ["a", "é", "中", "👩‍👩‍👧‍👦", "e\u{301}"])
    func cutsBetweenCharacters(character: String) {
        let text = String(repeating: character, count: 3_000)
        for limit in [0, 1, 2, 3, 10, 100, 2_048, 4_096] {
            let part = text.prefix(bytes: limit)
            #expect(part.utf8.count <= limit && text.utf8.starts(with: part.utf8))
            if part.utf8.count >= character.utf8.count {
                #expect(part.utf8.count.isMultiple(of: character.utf8.count), "no part of a character")
            }
        }
        let noted = text.cutWithNote(to: 2_048) { "\n(\($0) bytes left out)" }
        #expect(noted.utf8.count <= 2_048)
        if text.utf8.count > 2_048 {
            let kept = noted.prefix { $0 != "…" }
            #expect(noted == kept + "…\n(\(text.utf8.count - kept.utf8.count) bytes left out)")
            #expect(noted.utf8.count > 1_900, "no more is left out than must be")
        }
        let pile = "x" + String(repeating: "\u{301}", count: 3_000)
        #expect(pile.prefix(bytes: 100).utf8.count <= 100 && !pile.prefix(bytes: 100).isEmpty)
    }

    @Test func aShortTextStaysAsItIs() {
        #expect("abc".cutWithNote(to: 3) { _ in "note" } == "abc")
        #expect("abcdef".cutVisibly(to: 5) == "ab…")
        #expect(" a\u{7}\r\n b\u{200B} ".shownLine(limit: 100) == "a b")
    }

    @Test func longMessagesSayWhatIsLeftOut() {
        let link = "https://opsgate.example.com/alerts/1"
        let message = ChannelMessage(
            title: "t",
            text: String(repeating: "中", count: 2_000),
            markdown: String(repeating: "字", count: 3_000),
            messageID: "m",
            link: link
        )
        let text = WeChatContent.text(message, limit: WeChatContent.textLimit)
        #expect(text.utf8.count <= 2_048 && text.contains("bytes left out: \(link))"))
        let markdown = WeChatContent.markdown(message, limit: 4_096, tail: "\n<@ann>")
        #expect(markdown.utf8.count <= 4_096 && markdown.hasSuffix("\n<@ann>"))
        #expect(markdown.contains("bytes left out"))
    }

    @Test func resultsHoldNoSecrets() {
        let channel = NotificationChannel(
            id: 1,
            team: 1,
            name: "x",
            type: .webhook,
            config: [:],
            secrets: ["swordfish", "abc"]
        )
        let result = DeliveryResult.refused(
            "no swordfish at http://h/send?key=k-1&x=1 access_token=tok\u{1B}[31m\nabc"
        )
        #expect(
            result.redacted(for: channel) == .refused("no *** at http://h/send?key=***&x=1 access_token=*** [31m abc")
        )
    }
}
