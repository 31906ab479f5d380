// Flags that several commands have.

import ArgumentParser

/// Where the data are.
struct StoreOptions: ParsableArguments {
    @Option(name: .long, help: "Folder of the SQLite file and generated keys (OPSGATE_DATA).")
    var data: String?

    @Option(name: .long, help: "sqlite:///path or postgres://user:password@host/db (OPSGATE_DATABASE_URL).")
    var databaseURL: String?

    @Option(name: .long, help: "Folder of bot files (OPSGATE_BOTS).")
    var bots: String?

    @Option(name: .long, help: "Folder of prompts (OPSGATE_PROMPTS).")
    var prompts: String?

    @Option(name: .long, help: "File of providers and model routes (OPSGATE_PROVIDERS).")
    var providers: String?

    /// The flags by the settings' names.
    var flags: [String: String] {
        ["data": data, "database_url": databaseURL, "bots": bots, "prompts": prompts, "providers": providers]
            .compactMapValues { $0 }
    }

    func settings(_ more: [String: String?] = [:]) throws -> Settings {
        do {
            return try Settings(flags: flags.merging(more.compactMapValues { $0 }) { _, new in new })
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
