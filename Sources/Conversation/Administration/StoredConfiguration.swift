// What the store says of providers, models, routes and bots, read as a whole.

import Identity
import JSON
import Providers
import Resources
import Storage
import YAML

/// All rows as values. A row that cannot be read is left out and told of; it never keeps the others from working.
struct StoredConfiguration: Sendable {
    /// A row by its table's resource and its number.
    struct Place: Sendable, Hashable {
        let resource: String
        let id: Int64
    }

    var version: Int64
    var layer = ProviderCatalogue()
    var bots: [StoredBot] = []
    var faults: [Place: String] = [:]

    /// Reads everything, in one transaction.
    static func read(
        _ connection: any SQLConnection,
        _ sealing: ProviderResources.Sealing
    ) throws -> StoredConfiguration {
        var result = StoredConfiguration(version: try ConfigurationVersion.read(connection))
        func each(_ resource: Resource, _ take: (ResourceRecord, inout StoredConfiguration) throws -> Void) throws {
            for record in try records(of: resource, connection) {
                do {
                    try take(record, &result)
                } catch {
                    let reason = (error as? YAMLFault)?.reason ?? "\(error)"
                    result.faults[Place(resource: resource.name, id: record.id)] = OutsideText.bounded(reason, 500)
                }
            }
        }
        try each(ProviderResources.provider(nil)) { record, all in
            let settings = try StoredEntry.provider(record, sealing)
            if let problem = ProviderCatalogue(providers: [settings]).problems().first {
                throw YAMLFault(file: "", line: 0, reason: problem.description)
            }
            all.layer.providers.append(settings)
        }
        try each(ProviderResources.model()) { record, all in all.layer.models.append(try StoredEntry.model(record)) }
        try each(ProviderResources.route()) { record, all in all.layer.routes.append(try StoredEntry.route(record)) }
        result.bots = try records(of: BotResource.resource, connection).map(StoredBot.init)
        return result
    }

    /// All rows of a resource, by number.
    static func records(of resource: Resource, _ connection: any SQLConnection) throws -> [ResourceRecord] {
        try connection.query("SELECT * FROM \"\(resource.table)\" ORDER BY id").map { row in
            ResourceRecord(Dictionary(zip(row.columns, row.values)) { first, _ in first })
        }
    }
}

/// From rows to configuration values, by the rules of the provider file.
enum StoredEntry {
    private static let reader = ProviderReader(origin: .store, environment: nil)

    static func provider(_ record: ResourceRecord, _ sealing: ProviderResources.Sealing) throws -> ProviderSettings {
        var object = members(record, texts: ["name", "kind", "base_url", "dialect", "api_version", "key_as"])
        object["deployments"] = record.json("deployments")
        object["timeouts"] = record.json("timeouts")
        object["extra"] = record.json("extra")
        object["trace"] = record.boolean("trace").map { .bool($0) }
        object["active"] = .bool(record.boolean("is_active") ?? true)
        var settings = try reader.provider(YAMLNode(object, file: "the store"))
        settings.apiKeys = try ProviderResources.sealedKeys(record).map { try sealing.open($0) }
        for (name, value) in record.json("headers")?.object ?? [:] {
            guard let member = SealedMember(value) else { continue }
            settings.headers[name] = try sealing.open(member.sealed).reveal()
        }
        return settings
    }

    static func model(_ record: ResourceRecord) throws(YAMLFault) -> ModelProfile {
        var object = members(record, texts: ["name", "tools"])
        for name in ["context", "max_output"] { object[name] = record.integer(name).map { .integer($0) } }
        for name in ["images", "json_schema", "reasoning", "embeddings"] {
            object[name] = record.boolean(name).map { .bool($0) }
        }
        object["price"] = record.json("price")
        object["extra"] = record.json("extra")
        return try reader.model(YAMLNode(object, file: "the store"))
    }

    static func route(_ record: ResourceRecord) throws(YAMLFault) -> RouteSettings {
        var object: JSONObject = [:]
        object["targets"] = record.json("targets")
        object["retries"] = record.integer("retries").map { .integer($0) }
        object["timeouts"] = record.json("timeouts")
        return try reader.route(record.text("name") ?? "", YAMLNode(object, file: "the store"))
    }

    private static func members(_ record: ResourceRecord, texts: [String]) -> JSONObject {
        var object = JSONObject()
        for name in texts { object[name] = record.text(name).map { .string($0) } }
        return object
    }
}
