// The bots in force: found by id and name, reloaded when files change, the last good version kept.

import Foundation
import Logging
import Support
import Testing
import Tools
import YAML

@testable import Conversation

@Suite struct BotCatalogTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("bots")
        try folder.write("You are {{bot}}.", to: "prompts/ops.md")
        try folder.write("id: bot-1\nname: one\nprompt: ops\n", to: "bots/a.yaml")
        try folder.write("id: bot-2\nname: two\nprompt: ops\n", to: "bots/b.yml")
        try folder.write("not a bot", to: "bots/README.txt")
        try folder.write("not: [a bot", to: "bots/.hidden.yaml")
    }

    private func catalog() throws -> BotCatalog {
        BotCatalog(
            folders: .init(bots: folder.file("bots"), prompts: folder.file("prompts")),
            registry: BotContext(
                registry: try ToolRegistry([tool("look")]),
                hasModel: { $0 == "default" },
                prompt: BotCatalog.prompts(in: folder.file("prompts"))
            ),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test func findsByIDAndName() throws {
        let catalog = try catalog()
        #expect(catalog.faults.isEmpty)
        #expect(catalog.bots.map(\.id) == ["bot-1", "bot-2"])
        #expect(catalog.bot(named: "bot-2")?.name == "two")
        #expect(catalog.bot(named: "two")?.id == "bot-2")
        #expect(catalog.bot(named: "three") == nil)
    }

    @Test func nothingIsReadWhileNothingChanges() throws {
        let catalog = try catalog()
        #expect(!catalog.reload(force: false))
        #expect(catalog.reload(force: true))
    }

    @Test func changesComeIntoForce() throws {
        let catalog = try catalog()
        try folder.write("id: bot-1\nname: one\ntitle: Changed\nprompt: ops\n", to: "bots/a.yaml")
        try folder.write("id: bot-3\nprompt: ops\n", to: "bots/c.yaml")
        #expect(catalog.reload(force: false))
        #expect(catalog.bot(named: "one")?.title == "Changed")
        #expect(catalog.bots.map(\.id) == ["bot-1", "bot-2", "bot-3"])
    }

    @Test func aPromptIsPartOfItsBot() throws {
        let catalog = try catalog()
        try folder.write("New words.", to: "prompts/ops.md")
        #expect(catalog.reload(force: false))
        #expect(catalog.bot(named: "one")?.prompt.source == "New words.")
    }

    @Test func theLastGoodVersionStays() throws {
        let catalog = try catalog()
        try folder.write("id: bot-1\nname: one\nprompt: ops\nlimits: {rounds: 99}\n", to: "bots/a.yaml")
        #expect(catalog.reload(force: false))
        #expect(catalog.bot(named: "one")?.limits.rounds == 8)
        #expect(
            catalog.faults.map(\.description) == [
                "\(folder.file("bots"))/a.yaml:4: `limits.rounds` must be from 1 to 50"
            ]
        )
        // The other file is still read, and a broken prompt keeps what there was too.
        try folder.write("{{nobody}}", to: "prompts/ops.md")
        #expect(catalog.reload(force: false))
        #expect(catalog.bots.count == 2)
        #expect(catalog.bot(named: "two")?.prompt.source == "You are {{bot}}.")
        try folder.write("Good again.", to: "prompts/ops.md")
        try folder.write("id: bot-1\nname: one\nprompt: ops\n", to: "bots/a.yaml")
        #expect(catalog.reload(force: false))
        #expect(catalog.faults.isEmpty)
        #expect(catalog.bots.map(\.prompt.source) == ["Good again.", "Good again."])
    }

    @Test func aFileThatWasNeverGoodGivesNoBot() throws {
        try folder.write("id: bot-9\n", to: "bots/z.yaml")
        let catalog = try catalog()
        #expect(catalog.bots.count == 2)
        #expect(catalog.faults.count == 1)
    }

    @Test func aFileThatIsGoneTakesItsBotAlong() throws {
        let catalog = try catalog()
        try FileManager.default.removeItem(atPath: folder.file("bots/a.yaml"))
        #expect(catalog.reload(force: false))
        #expect(catalog.bots.map(\.id) == ["bot-2"])
    }

    @Test(arguments: ["id: bot-1\nname: other", "id: other\nname: one", "id: one", "id: other\nname: bot-1"])
    func aNameIsTakenOnce(_ text: String) throws {
        try folder.write("\(text)\nprompt: ops\n", to: "bots/c.yaml")
        let catalog = try catalog()
        #expect(catalog.bots.map(\.id) == ["bot-1", "bot-2"])
        #expect(catalog.faults.first?.description.contains("is taken by") == true)
        #expect(catalog.faults.first?.description.contains("a.yaml") == true)
    }

    @Test func promptsAreNotReadFromElsewhere() throws {
        try folder.write("secret", to: "secret.md")
        try folder.write("hidden", to: "prompts/.hidden.md")
        try folder.write("deep", to: "prompts/sub/deep.md")
        let prompt = BotCatalog.prompts(in: folder.file("prompts"))
        #expect(prompt("ops")?.text == "You are {{bot}}.")
        for name in ["../secret", ".hidden", "..", "", "sub/deep", "sub/../../secret"] { #expect(prompt(name) == nil) }
    }

    @Test(.timeLimit(.minutes(10))) func theWatchSeesAChange() async throws {
        let catalog = try catalog()
        let watching = Task { await catalog.watch() }
        defer { watching.cancel() }
        try folder.write("id: bot-3\nprompt: ops\n", to: "bots/c.yaml")
        try await eventually("the new bot is there") { catalog.bot(named: "bot-3") }
    }

    @Test func noFolderNoBots() throws {
        let catalog = BotCatalog(
            folders: .init(bots: folder.file("nowhere"), prompts: folder.file("nowhere")),
            registry: BotContext(registry: .empty, hasModel: { _ in true }, prompt: { _ in nil }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        #expect(catalog.bots.isEmpty)
        #expect(catalog.faults.map(\.reason) == ["the folder cannot be read"])
    }

    @Test func aFolderThatCannotBeReadTakesNothingAway() throws {
        let catalog = try catalog()
        try FileManager.default.moveItem(atPath: folder.file("bots"), toPath: folder.file("elsewhere"))
        #expect(catalog.reload(force: false))
        #expect(catalog.bots.map(\.id) == ["bot-1", "bot-2"])
        try FileManager.default.moveItem(atPath: folder.file("elsewhere"), toPath: folder.file("bots"))
        #expect(catalog.reload(force: false))
        #expect(catalog.faults.isEmpty)
    }
}
