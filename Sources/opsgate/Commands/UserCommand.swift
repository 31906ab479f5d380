// `opsgate user`: accounts from the machine that holds the data.

import Accounts
import ArgumentParser
import Foundation
import Gateway
import Identity

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Create, list and change users.",
        discussion: """
            EXAMPLE
              opsgate user create alice --role operator
            """,
        subcommands: [
            Create.self, List.self, Password.self, SetRole.self, SetContact.self, Deactivate.self, Activate.self,
        ]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a user; the password is read from standard input.",
            discussion: "EXAMPLE\n  opsgate user create alice --role operator < password-file"
        )

        @Argument(help: "The user's name.")
        var name: String

        @Option(help: "administrator, operator or viewer.")
        var role = "viewer"

        @Option(help: "Where mail for the user goes.")
        var email = ""

        @Option(help: "The user's id in the organisation's WeCom directory.")
        var wecomID = ""

        @OptionGroup var store: StoreOptions

        func run() async throws {
            let role = try UserCommand.role(role)
            let password = try UserCommand.readPassword()
            try await Assembly.with(try store.settings()) { assembly in
                let user = try await assembly.services.accounts.createUser(
                    NewUser(username: name, password: password, role: role, email: email, wecomID: wecomID),
                    by: .system
                )
                print("created \(user.username) (\(user.role.rawValue)), id \(user.id)")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List users.",
            discussion: "EXAMPLE\n  opsgate user list"
        )

        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await Assembly.with(try store.settings()) { assembly in
                var page = 1
                while true {
                    let list = try await assembly.services.accounts.listUsers(for: .system, page: page, pageSize: 1000)
                    for user in list.results {
                        let state = user.isActive ? "active" : "deactivated"
                        print("\(user.id)\t\(user.username)\t\(user.role.rawValue)\t\(state)")
                    }
                    if page * 1000 >= list.count { return }
                    page += 1
                }
            }
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-password",
            abstract: "Set a user's password, read from standard input; ends the user's tokens.",
            discussion: "EXAMPLE\n  opsgate user set-password alice"
        )

        @Argument var name: String
        @OptionGroup var store: StoreOptions

        func run() async throws {
            let password = try UserCommand.readPassword()
            try await UserCommand.change(name, store) { user, accounts in
                try await accounts.setPassword(password, ofUser: user.id, by: .system)
                return "password set"
            }
        }
    }

    struct SetRole: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-role",
            abstract: "Give a user another role; ends the user's tokens.",
            discussion: "EXAMPLE\n  opsgate user set-role alice administrator"
        )

        @Argument var name: String
        @Argument(help: "administrator, operator or viewer.") var role: String
        @OptionGroup var store: StoreOptions

        func run() async throws {
            let role = try UserCommand.role(role)
            try await UserCommand.change(name, store) { user, accounts in
                "now \(try await accounts.setRole(role, ofUser: user.id, by: .system).role.rawValue)"
            }
        }
    }

    struct SetContact: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-contact",
            abstract: "Say where notices for a user go.",
            discussion: "EXAMPLE\n  opsgate user set-contact alice --email alice@example.com"
        )

        @Argument var name: String
        @Option(help: "Where mail goes; empty for nowhere.") var email: String?
        @Option(help: "The id in the organisation's WeCom directory; empty for none.") var wecomID: String?
        @OptionGroup var store: StoreOptions

        func validate() throws {
            guard email != nil || wecomID != nil else { throw ValidationError("give --email, --wecom-id or both") }
        }

        func run() async throws {
            try await UserCommand.change(name, store) { user, accounts in
                let user = try await accounts.setContact(email: email, wecomID: wecomID, ofUser: user.id, by: .system)
                return
                    "mail \(user.email.isEmpty ? "-" : user.email), WeCom \(user.wecomID.isEmpty ? "-" : user.wecomID)"
            }
        }
    }

    struct Deactivate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Refuse all of a user's credentials.",
            discussion: "EXAMPLE\n  opsgate user deactivate alice"
        )

        @Argument var name: String
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await UserCommand.change(name, store) { user, accounts in
                _ = try await accounts.deactivate(user: user.id, by: .system)
                return "deactivated"
            }
        }
    }

    struct Activate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Accept a user's credentials again.",
            discussion: "EXAMPLE\n  opsgate user activate alice"
        )

        @Argument var name: String
        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await UserCommand.change(name, store) { user, accounts in
                _ = try await accounts.activate(user: user.id, by: .system)
                return "activated"
            }
        }
    }

    private static func change(
        _ name: String,
        _ store: StoreOptions,
        _ body: (User, AccountService) async throws -> String
    ) async throws {
        try await Assembly.with(try store.settings()) { assembly in
            let accounts = assembly.services.accounts
            let user = try await accounts.user(named: name, for: .system)
            print("\(user.username): \(try await body(user, accounts))")
        }
    }

    private static func role(_ text: String) throws -> Role {
        guard let role = Role(rawValue: text) else {
            throw ValidationError("the role must be one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return role
    }

    /// From standard input, so that it is in no process list and no shell history; not echoed on a terminal.
    private static func readPassword() throws -> Secret {
        let isTerminal = isatty(STDIN_FILENO) == 1
        var settings = termios()
        if isTerminal {
            FileHandle.standardError.write(Data("Password: ".utf8))
            tcgetattr(STDIN_FILENO, &settings)
            var silent = settings
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSANOW, &silent)
        }
        let line = readLine()
        if isTerminal {
            tcsetattr(STDIN_FILENO, TCSANOW, &settings)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        guard let line, !line.isEmpty else { throw ValidationError("no password on standard input") }
        return Secret(line)
    }
}
