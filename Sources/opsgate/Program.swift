// The command line: one file a command.

import ArgumentParser
import Gateway

@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "opsgate",
        abstract: "An OpenAI-compatible AI gateway with ops tool-calling.",
        discussion: """
            Settings come from flags, else from the environment (OPSGATE_…), else from opsgate.yaml, else from the \
            defaults.

            EXAMPLE
              opsgate serve --port 18001
              opsgate chat "what is firing?"
            """,
        version: ProgramVersion.current,
        subcommands: [
            ServeCommand.self, ChatCommand.self, SecretCommand.self, UserCommand.self, BotCommand.self,
            ProviderCommand.self, DoctorCommand.self, OpenAPICommand.self,
        ]
    )
}
