// Whether a change of what is stored leaves a configuration that works.

import Identity
import JSON
import Providers
import Resources
import Storage
import YAML

/// Checks one change inside its transaction: the entry itself (400, the field named), then everybody who uses it (409).
struct ConfigurationCheck: Sendable {
    typealias Section = CatalogueProblem.Section

    let providers: ProviderStore
    let sealing: ProviderResources.Sealing
    /// For the bots of files; those of the store are read in each change's transaction.
    let bots: BotCatalog

    /// The hooks that make every write of a section a checked one.
    func hooks(_ section: Section) -> ResourceHooks {
        ResourceHooks(
            beforeWrite: { record, context in
                try ConfigurationVersion.change(context.connection)
                if context.before == nil { try checkName(record, section, context.connection) }
                if section == .providers { try settleAddress(&record, context.before) }
                var layer = ProviderCatalogue()
                try add(record, to: &layer, section)
            },
            afterWrite: { record, context in
                try check(section, from: context.before, to: record, context.connection)
            },
            beforeDelete: { _, context in try ConfigurationVersion.change(context.connection) },
            afterDelete: { record, context in try check(section, from: record, to: nil, context.connection) }
        )
    }

    // MARK: The entry

    private func checkName(_ record: ResourceRecord, _ section: Section, _ connection: any SQLConnection) throws {
        guard section != .models, let name = record.text("name") else { return }
        if let problem = EntryName.problem(name, besides: section == .providers ? EntryName.ofPaths : []) {
            throw ResourceError.invalid("name", problem)
        }
        guard section == .routes else { return }
        let file = bots.file(taking: [name])?.path
        if try file != nil || EntryName.isStoredBot(name, connection) {
            throw ResourceError.conflict(
                message: "name: \(name) is taken by a bot" + (file.map { " of the file \($0)" } ?? ""),
                errors: [FieldError("name", "is taken by a bot")]
            )
        }
    }

    private func add(_ record: ResourceRecord, to layer: inout ProviderCatalogue, _ section: Section) throws {
        do {
            switch section {
            case .providers: layer.providers.append(try StoredEntry.provider(record, sealing))
            case .models: layer.models.append(try StoredEntry.model(record))
            case .routes: layer.routes.append(try StoredEntry.route(record))
            }
        } catch let fault as YAMLFault {
            // A route is read below its name, as in the file.
            throw ResourceError.invalid(fault)
        } catch let error as SecretBoxError {
            throw ResourceError.conflict(
                message: error.message,
                errors: [FieldError("api_keys", "cannot be opened; enter keys and headers again")]
            )
        }
    }

    /// Slashes at the end go; keys that are kept must not go where they were not meant to go.
    private func settleAddress(_ record: inout ResourceRecord, _ before: ResourceRecord?) throws {
        func address(_ record: ResourceRecord) -> String {
            record.text("base_url") ?? record.text("kind").flatMap(ProviderKind.init)?.defaultBaseURL ?? ""
        }
        if let url = record.text("base_url")?.withoutTrailingSlashes {
            if let problem = UpstreamAddress.problem(url) { throw ResourceError.invalid("base_url", problem) }
            record.set("base_url", url)
        }
        guard let before,
            ProviderSettings.destination(of: address(before)) != ProviderSettings.destination(of: address(record))
        else { return }
        let words = "must be entered again: base_url leads to another host, and what is stored would go there"
        var errors: [FieldError] = []
        if !ProviderResources.sealedKeys(record).isEmpty, record["api_keys"] == before["api_keys"] {
            errors.append(FieldError("api_keys", words))
        }
        let headers = before.json("headers")
        for (name, value) in record.json("headers")?.object ?? [:] where headers?[name] == value {
            errors.append(FieldError("headers.\(name)", words))
        }
        if !errors.isEmpty { throw ResourceError.invalid(errors) }
    }

    // MARK: The whole

    private func check(
        _ section: Section,
        from before: ResourceRecord?,
        to after: ResourceRecord?,
        _ connection: any SQLConnection
    ) throws {
        let stored = try StoredConfiguration.read(connection, sealing)
        let layer = stored.layer
        let merged = providers.catalogue(replacing: .store, with: layer)
        if let after { try checkEntry(section, after, in: merged) }
        // As it was: the same with this one entry as before.
        var former = layer
        let name = (after ?? before)?.text("name") ?? ""
        switch section {
        case .providers: former.providers.removeAll { $0.name == name }
        case .models: former.models.removeAll { $0.name == name }
        case .routes: former.routes.removeAll { $0.name == name }
        }
        // A row that could not be read was not in force either.
        if let before { try? add(before, to: &former, section) }
        let users = broken(from: providers.catalogue(replacing: .store, with: former), to: merged, models(stored.bots))
        guard users.isEmpty else {
            let places = users.prefix(5).map(\.field).joined(separator: ", ")
            throw ResourceError.conflict(message: "\(name) is still used: \(places)", errors: users)
        }
    }

    /// The entry by itself, also when one of the file hides it for now.
    private func checkEntry(
        _ section: Section,
        _ record: ResourceRecord,
        in merged: ProviderCatalogue
    ) throws {
        var alone = ProviderCatalogue(providers: section == .providers ? [] : merged.providers)
        try add(record, to: &alone, section)
        let name = record.text("name") ?? ""
        let errors = alone.problems().filter { $0.section == section && $0.name == name }.map {
            FieldError($0.member.isEmpty ? "name" : $0.member, $0.reason)
        }
        if !errors.isEmpty { throw ResourceError.invalid(errors) }
    }

    /// What would not work any more.
    private func broken(
        from former: ProviderCatalogue,
        to merged: ProviderCatalogue,
        _ bots: [(name: String, model: String)]
    ) -> [FieldError] {
        let known = Set(former.problems())
        let routes = merged.problems().filter { !known.contains($0) }.map { FieldError($0.place, $0.reason) }
        let bots = bots.filter { former.leads($0.model) && !merged.leads($0.model) }.map {
            FieldError("bots.\($0.name)", "its model \($0.model) would lead nowhere")
        }
        return routes + bots
    }

    /// The models of bots, as of a transaction: another node may have stored one that is not in force here yet.
    private func models(_ stored: [StoredBot]) -> [(name: String, model: String)] {
        bots.fileBots.map { ($0.bot.name, $0.bot.model) }
            + stored.filter { $0.isActive && bots.file(taking: [$0.name]) == nil }.map { ($0.name, $0.model) }
    }
}

extension ProviderCatalogue {
    /// Whether a name is a route, or a model of a provider that there is.
    func leads(_ name: String) -> Bool {
        if routes.contains(where: { $0.name == name }) { return true }
        guard let parts = TargetSettings(model: name).parts else { return false }
        return parts.provider == ModelRouter.offlineProvider || provider(named: parts.provider) != nil
    }
}
