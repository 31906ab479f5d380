// The tables of what is administered over HTTP: providers, models, routes, bots.

import Resources
package import Storage

/// Migrations 80 to 99.
package enum AdministrationSchema {
    package static let migrations: [Migration] = [
        Migration(number: 80, name: "stored providers") { dialect in
            [
                // One row. What remembers the configuration compares it; each change counts it up, and holds its row
                // until the end of the transaction, so that changes are checked one after another.
                "CREATE TABLE configuration_version (id BIGINT PRIMARY KEY, version BIGINT NOT NULL)",
                "INSERT INTO configuration_version (id, version) VALUES (1, 1)",
            ] + ProviderResources.all.flatMap { $0.createTableStatements(dialect, without: ["trace", "extra"]) }
        },
        Migration(number: 81, name: "stored bots") { dialect in BotResource.resource.createTableStatements(dialect) },
        Migration(number: 82, name: "traces of providers") { _ in
            ["ALTER TABLE model_provider ADD COLUMN trace BIGINT NOT NULL DEFAULT 1"]
        },
        Migration(number: 83, name: "members of every request") { dialect in
            let text = dialect == .postgresql ? "TEXT COLLATE \"C\"" : "TEXT"
            return ["model_provider", "model_profile"].map {
                "ALTER TABLE \($0) ADD COLUMN extra \(text) NOT NULL DEFAULT '{}'"
            }
        },
    ]
}

/// The row that tells whether what is remembered of the configuration is still good.
enum ConfigurationVersion {
    static func read(_ connection: any SQLConnection) throws -> Int64 {
        let rows = try connection.query("SELECT version FROM configuration_version WHERE id = 1")
        guard let row = rows.first else { throw DatabaseError(.decoding, "configuration_version has no row") }
        return try row.int("version")
    }

    /// Tells every node to read again, once this transaction is committed, and keeps other changes out until then.
    static func change(_ connection: any SQLConnection) throws {
        try connection.execute("UPDATE configuration_version SET version = version + 1 WHERE id = 1")
    }
}
