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
    /// Lines by the places of `CatalogueProblem`.
    private let lines: [String: Int]

    /// - Parameter environment: where `${NAME}` is looked up.
    /// - Throws: `YAMLFault` with file, line and reason; values from the environment never stand in it.
    init(_ text: String, file: String, environment: [String: String]) throws(YAMLFault) {
        let root = try YAMLNode(parsing: text, file: file)
        try root.allowOnly(["providers", "models", "routes"])
        let reader = ProviderReader(origin: .file, environment: environment)
        var lines: [String: Int] = [:]
        var catalogue = ProviderCatalogue()
        for node in try root["providers"]?.elements() ?? [] {
            let provider = try reader.provider(node)
            let place = "providers.\(provider.name)"
            // The second of two is the one to complain of.
            lines[place] = node.line
            for member in ["base_url", "api_keys", "headers", "kind"] {
                lines["\(place).\(member)"] = (node[member] ?? node).line
            }
            catalogue.providers.append(provider)
        }
        for node in try root["models"]?.elements() ?? [] {
            let model = try reader.model(node)
            lines["models.\(model.name)"] = node.line
            catalogue.models.append(model)
        }
        var limits: [String: LimitSet] = [:]
        for (name, node) in try root["routes"]?.members() ?? [] {
            let route = try reader.route(name, node)
            limits[name] = try node["limits"].map(reader.limits)
            let place = "routes.\(name)"
            lines[place] = node.line
            for (index, target) in (try node["targets"]?.elements() ?? []).enumerated() {
                lines["\(place).targets[\(index)]"] = target.line
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
            var place = problem.place
            while lines[place] == nil {
                guard let dot = place.lastIndex(of: ".") else { return nil }
                place = String(place[..<dot])
            }
            return YAMLFault(file: file, line: lines[place] ?? 0, reason: problem.description)
        }
    }
}
