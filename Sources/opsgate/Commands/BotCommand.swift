// `opsgate bot`: the bots and what is wrong with their files.

import ArgumentParser
import Conversation
import Gateway
import Logging
import Tools
import YAML

struct BotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bot",
        abstract: "List bots and check their files.",
        discussion: """
            EXAMPLE
              opsgate bot check
            """,
        subcommands: [List.self, Check.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the bots in force.",
            discussion: "EXAMPLE\n  opsgate bot list"
        )

        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await Assembly.with(try store.settings()) { assembly in
                for bot in assembly.services.bots.bots {
                    let tools = assembly.services.registry.granted(by: bot.tools).map(\.name).joined(separator: ",")
                    print("\(bot.id)\t\(bot.name)\t\(bot.model)\t\(tools)")
                }
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Check the bot and prompt files: file, line and reason of every fault; exit code 1 if there are any.",
            discussion: "EXAMPLE\n  opsgate bot check --bots ./bots --prompts ./prompts"
        )

        @OptionGroup var store: StoreOptions

        func run() async throws {
            var settings = try store.settings()
            // The faults are this command's output; the log would say them again.
            settings.logLevel = .critical
            let hasFaults = try await Assembly.with(settings) { assembly in
                let catalog = assembly.services.bots
                for fault in catalog.faults { print(fault) }
                for bot in catalog.bots {
                    let idle = assembly.services.registry.unmatched(bot.tools)
                    let note = idle.isEmpty ? "" : " (no tool matches \(idle.joined(separator: ", ")))"
                    print("\(bot.name): ok, \(assembly.services.registry.granted(by: bot.tools).count) tools\(note)")
                    for line in Self.writes(of: bot, assembly.services.registry) { print("  \(line)") }
                }
                if catalog.bots.isEmpty, catalog.faults.isEmpty { print("no bot files in \(settings.bots)") }
                return !catalog.faults.isEmpty
            }
            if hasFaults { throw ExitCode(1) }
        }

        /// Which tools of a bot change something, and whether a person is asked before.
        private static func writes(of bot: Bot, _ registry: ToolRegistry) -> [String] {
            func lines(_ place: String, _ tools: [String], _ free: [String]) -> [String] {
                let names = registry.granted(by: tools).filter { $0.effect == .write }.map(\.name)
                let asked = names.filter { !free.contains($0) }
                let unasked = names.filter(free.contains)
                return [("after approval", asked), ("WITHOUT approval", unasked)].filter { !$0.1.isEmpty }
                    .map { "\(place)writes \($0.0): \($0.1.joined(separator: ", "))" }
            }
            return lines("", bot.tools, bot.withoutApproval)
                + bot.skills.flatMap { skill in
                    // What the bot itself is not granted stays out of its skills.
                    lines(
                        "skill \(skill.id) ",
                        skill.tools.filter(bot.tools.contains),
                        skill.withoutApproval + bot.withoutApproval
                    )
                }
        }
    }
}
