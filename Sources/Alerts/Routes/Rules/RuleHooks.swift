// What happens around the writes of rules: they are read as the pipeline will read them, and remembered books end.

import Resources
import Storage

enum RuleHooks {
    /// Hooks of a rule's resource.
    ///
    /// A row that cannot be read as a rule is refused, each fault with its place. A rule that has become unreadable
    /// since it was saved can still be switched off: faults of members that this write does not change are then let
    /// pass.
    ///
    /// - Parameters:
    ///   - read: makes the rule of the row, and throws what is wrong with it.
    ///   - check: what only the store can tell; may change the row.
    static func hooks<Rule>(
        read: @escaping @Sendable (ResourceRecord) throws(RuleFaults) -> Rule,
        check: (@Sendable (Rule, inout ResourceRecord, WriteContext) throws -> Void)? = nil
    ) -> ResourceHooks {
        ResourceHooks(
            beforeWrite: { record, context in
                let rule: Rule
                do throws(RuleFaults) {
                    rule = try read(record)
                } catch {
                    let faults = RuleFaults(error.faults.filter { counts($0, record, context) })
                    guard faults.faults.isEmpty else { throw faults.refusal }
                    return
                }
                try check?(rule, &record, context)
            },
            afterWrite: { _, context in try RuleRows.change(context.connection) },
            afterDelete: { _, context in try RuleRows.change(context.connection) }
        )
    }

    private static func counts(_ fault: RuleFault, _ record: ResourceRecord, _ context: WriteContext) -> Bool {
        guard let before = context.before, record.boolean("is_active") == false else { return true }
        let member = String(fault.field.prefix { $0 != "." && $0 != "[" })
        return record[member] != before[member]
    }
}
