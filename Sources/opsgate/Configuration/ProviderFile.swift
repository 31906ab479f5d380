// A provider file read as a whole: its entries, and the lines that they came from (DESIGN.md section 3).

import Conversation
import Providers
import YAML

/// A provider file as values, with the lines that they came from.
struct ProviderFile {
    let catalogue: ProviderCatalogue
    /// How much of its routes may be used, by all callers together.
    let limits: [String: LimitSet]
    private let file: String
    /// Lines by what a `CatalogueProblem` may be about.
    private let lines: [Place: Int]

    private struct Place: Hashable {
        let section: CatalogueProblem.Section
        let name: String
        /// Empty: the entry as a whole.
        var member = ""
    }

    /// - Parameter environment: where `${NAME}` is looked up.
    /// - Throws: `YAMLFault` with file, line and reason; values from the environment never stand in it.
    init(_ text: String, file: String, environment: [String: String]) throws(YAMLFault) {
        let root = try YAMLNode(parsing: text, file: file)
        try root.allowOnly(["providers", "models", "routes"])
        let reader = ProviderReader(origin: .file, environment: environment)
        var lines: [Place: Int] = [:]
        var catalogue = ProviderCatalogue()
        for node in try root["providers"]?.elements() ?? [] {
            let provider = try reader.provider(node)
            var place = Place(section: .providers, name: provider.name)
            // The second of two is the one to complain of.
            lines[place] = node.line
            for member in ["base_url", "api_keys", "headers", "kind"] {
                place.member = member
                lines[place] = (node[member] ?? node).line
            }
            catalogue.providers.append(provider)
        }
        for node in try root["models"]?.elements() ?? [] {
            let model = try reader.model(node)
            lines[Place(section: .models, name: model.name)] = node.line
            catalogue.models.append(model)
        }
        var limits: [String: LimitSet] = [:]
        for (name, node) in try root["routes"]?.members() ?? [] {
            let route = try reader.route(name, node)
            limits[name] = try node["limits"].map(reader.limits)
            var place = Place(section: .routes, name: name)
            lines[place] = node.line
            for (index, target) in (try node["targets"]?.elements() ?? []).enumerated() {
                place.member = "targets[\(index)]"
                lines[place] = target.line
            }
            catalogue.routes.append(route)
        }
        self.catalogue = catalogue
        self.limits = limits
        self.file = file
        self.lines = lines
    }

    /// The faults of this file among the problems of the catalogue that it became part of.
    func faults(in problems: [CatalogueProblem]) -> [YAMLFault] {
        problems.compactMap { problem in
            var place = Place(section: problem.section, name: problem.name)
            guard let whole = lines[place] else { return nil }
            // The nearest that has a line of its own: a member's, the target's that it is in, the entry's.
            place.member = problem.member
            let exact = lines[place]
            place.member = String(problem.member.prefix { $0 != "." })
            return YAMLFault(file: file, line: exact ?? lines[place] ?? whole, reason: problem.description)
        }
    }
}
