// `opsgate secret`: API secrets from the machine that holds the data.

import Accounts
import ArgumentParser
import Gateway
import Identity
import Resources

struct SecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret",
        abstract: "Make, list and delete API secrets.",
        discussion: """
            EXAMPLE
              opsgate secret create "Lobe Chat"
            """,
        subcommands: [Create.self, List.self, Delete.self]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an API secret; it is shown this once.",
            discussion: "EXAMPLE\n  opsgate secret create \"Lobe Chat\" --user admin"
        )

        @Argument(help: "What it is for.")
        var name: String

        @Option(help: "Whose it is.")
        var user = "admin"

        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await Assembly.with(try store.settings()) { assembly in
                let services = assembly.services
                let owner = try await services.accounts.user(named: user, for: .system)
                let made = try await services.secrets.generate(name: name, forUser: owner, by: .system)
                print(made.secret.reveal())
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List API secrets, newest first.",
            discussion: "EXAMPLE\n  opsgate secret list"
        )

        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await Assembly.with(try store.settings()) { assembly in
                var page = 1
                while true {
                    let list = try await assembly.services.secrets.list(for: .system, page: page, pageSize: 1000)
                    for secret in list.results {
                        let used = secret.lastUsedAt.map { Timestamp(milliseconds: $0).text } ?? "never used"
                        print("\(secret.id)\t\(secret.prefix)…\t\(secret.username)\t\(secret.name)\t\(used)")
                    }
                    if page * 1000 >= list.count { return }
                    page += 1
                }
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete an API secret by its id; it is refused from then on.",
            discussion: "EXAMPLE\n  opsgate secret delete 3"
        )

        @Argument(help: "The id, as `opsgate secret list` shows it.")
        var id: Int64

        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await Assembly.with(try store.settings()) { assembly in
                try await assembly.services.secrets.delete(id, by: .system)
                print("deleted \(id)")
            }
        }
    }
}
