// All resources of a program: checked against each other, and asked who refers to whom.

/// The resources that know of each other. Built once at start; a contradiction in a declaration is thrown here.
package struct ResourceCatalog: Sendable {
    package let resources: [Resource]
    private let inbound: [String: [InboundReference]]

    /// A field of some resource that holds ids of another.
    struct InboundReference: Sendable {
        let resource: Resource
        let field: Field
    }

    package init(_ resources: [Resource]) throws(ResourceDeclarationError) {
        var problems = resources.flatMap { resource in resource.problems.map { "\(resource.name): \($0)" } }
        problems += Self.duplicates(resources.map(\.name)).map { "two resources are called \($0)" }
        problems += Self.duplicates(resources.map(\.path)).map { "two resources are at \($0)" }
        problems += Self.duplicates(resources.map(\.table)).map { "two resources use the table \($0)" }

        var inbound: [String: [InboundReference]] = [:]
        for resource in resources {
            for field in resource.fields {
                guard let target = field.type.target else { continue }
                guard let found = resources.first(where: { $0.name == target.resource }) else {
                    problems.append(
                        "\(resource.name).\(field.name) refers to \(target.resource), which is not declared"
                    )
                    continue
                }
                if found.target != target {
                    problems.append(
                        "\(resource.name).\(field.name) describes \(target.resource) otherwise than it is declared"
                    )
                }
                inbound[target.resource, default: []].append(InboundReference(resource: resource, field: field))
            }
        }
        guard problems.isEmpty else { throw ResourceDeclarationError(problems: problems) }
        self.resources = resources
        self.inbound = inbound
    }

    /// The resource of that name.
    package func resource(named name: String) -> Resource? {
        resources.first { $0.name == name }
    }

    /// What refers to a resource: pairs of resource and field names.
    package func referring(to resource: String) -> [(resource: String, field: String)] {
        references(to: resource).map { ($0.resource.name, $0.field.name) }
    }

    func references(to resource: String) -> [InboundReference] {
        inbound[resource] ?? []
    }

    private static func duplicates(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { !seen.insert($0).inserted }
    }
}
