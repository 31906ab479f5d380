// `opsgate provider`: the providers, models and routes in force, and what is wrong with their file.

import ArgumentParser
import Logging
import Providers
import YAML

struct ProviderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider",
        abstract: "List providers and model routes and check their file.",
        discussion: """
            EXAMPLE
              opsgate provider check
            """,
        subcommands: [List.self, Check.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the providers and routes in force. Keys are counted, never shown.",
            discussion: "EXAMPLE\n  opsgate provider list"
        )

        @OptionGroup var store: StoreOptions

        func run() async throws {
            try await Assembly.with(try store.settings()) { assembly in
                let catalogue = assembly.providers.book.catalogue
                for provider in catalogue.providers {
                    let state = provider.isActive ? "\(provider.apiKeys.count) keys" : "inactive"
                    print(
                        "provider\t\(provider.name)\t\(provider.kind.rawValue)\t\(provider.shownURL)\t\(state)\t"
                            + provider.origin.rawValue
                    )
                }
                for route in catalogue.routes {
                    let targets = route.targets.sorted { $0.order < $1.order }.map {
                        "\($0.model) (order \($0.order), weight \($0.weight))"
                    }
                    print("route\t\(route.name)\t\(targets.joined(separator: ", "))\t\(route.origin.rawValue)")
                }
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the provider file: file, line and reason of every fault; exit code 1 if there are any.",
            discussion: "EXAMPLE\n  opsgate provider check --providers ./providers.yaml"
        )

        @OptionGroup var store: StoreOptions

        func run() async throws {
            var settings = try store.settings()
            // The faults are this command's output; the log would say them again.
            settings.logLevel = .critical
            let hasFaults = try await Assembly.with(settings) { assembly in
                let watch = assembly.providerFile
                for fault in watch.faults { print(fault) }
                let book = assembly.providers.book
                if watch.isInForce {
                    print(
                        "\(watch.path): ok, \(book.catalogue.providers.count) providers, "
                            + "\(book.catalogue.routes.count) routes"
                    )
                } else if watch.faults.isEmpty {
                    print("no file \(watch.path)")
                }
                return !watch.faults.isEmpty
            }
            if hasFaults { throw ExitCode(1) }
        }
    }
}
