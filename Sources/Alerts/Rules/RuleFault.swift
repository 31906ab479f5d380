// What is wrong with a rule, and where in it.

package import Resources

/// One fault of a rule: the place as a path (`match_rules[0][1].operator`), and words that read on from it.
package struct RuleFault: Error, Sendable, Hashable {
    package var field: String
    package var message: String

    package init(_ field: String, _ message: String) {
        self.field = field
        self.message = message
    }

    /// The place and the words.
    package var text: String { "\(field): \(message)" }

    /// The same fault where the field is a part of another.
    package func inside(_ outer: String) -> RuleFault { RuleFault(outer + field, message) }
}

/// Every fault of a rule, in the order of its fields.
package struct RuleFaults: Error, Sendable, Hashable {
    package var faults: [RuleFault]

    package init(_ faults: [RuleFault]) {
        self.faults = faults
    }

    /// The answer to whoever wanted to save it: 400, each place named.
    package var refusal: ResourceError { .invalid(faults.map { FieldError($0.field, $0.message) }) }

    package var text: String { faults.map(\.text).joined(separator: "; ") }
}
