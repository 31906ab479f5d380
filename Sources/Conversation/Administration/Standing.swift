// How a row stands among what is in force, as members of its answers.

import JSON
import Resources

/// How a row stands among what is in force.
struct Standing: Sendable {
    /// Whether the row is what answers under its name, and what is wrong with it.
    let of: @Sendable (ResourceRecord) -> (isInForce: Bool, problem: String?)

    static let unknown = Standing { _ in (false, nil) }

    var computed: [ComputedField] {
        let of = of
        return [
            ComputedField("origin", schema: ["enum": ["environment", "store", "file"]]) { _ in "store" },
            ComputedField("in_force", schema: ["type": "boolean"]) { .bool(of($0).isInForce) },
            ComputedField("problem", schema: ["type": ["string", "null"]]) {
                of($0).problem.map { .string($0) } ?? .null
            },
        ]
    }
}
