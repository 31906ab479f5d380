// Whether the people and channels of an assignment are there: asked in the transaction that saves it.

import Identity
import JSON
import Notifications
import Resources
import Storage

struct AssignmentChecks {
    let context: WriteContext
    let record: ResourceRecord

    /// Looks only at what this write changes: who has left since must not stand in the way of other changes.
    ///
    /// - Throws: `ResourceError.invalid` with every place: `escalation[0].personnel[1]`.
    func run(_ rule: AssignmentRule) throws {
        var errors: [FieldError] = []
        if isChanged("personnel") {
            errors += try unknownPeople([("personnel", rule.personnel)], team: rule.team)
        }
        if isChanged("personnel") || isChanged("notify_channels") {
            errors += try nobodyTold([("personnel", rule.personnel, rule.channels)])
        }
        if isChanged("escalation") {
            let steps = Array(rule.escalation.enumerated())
            errors += try unknownPeople(
                steps.map { ("escalation[\($0.offset)].personnel", $0.element.personnel) },
                team: rule.team
            )
            errors += try unknownChannels(
                steps.map { ("escalation[\($0.offset)].notify_channels", $0.element.channels) }
            )
            errors += try nobodyTold(
                steps.map { ("escalation[\($0.offset)].personnel", $0.element.personnel, $0.element.channels) }
            )
        }
        guard errors.isEmpty else { throw ResourceError.invalid(errors) }
    }

    private func isChanged(_ field: String) -> Bool { context.before?[field] != record[field] }

    /// Places without people whose channels all write to people. A robot or webhook is its own receiver.
    private func nobodyTold(_ lists: [(place: String, people: [String], channels: [Int64])]) throws -> [FieldError] {
        let open = lists.filter { $0.people.isEmpty && !$0.channels.isEmpty }
        guard !open.isEmpty else { return [] }
        let wanted = Set(open.flatMap(\.channels)).sorted()
        var types: [Int64: ChannelType] = [:]
        for row in try context.connection.query(
            fragment: """
                SELECT id, channel_type FROM \(raw: RuleFields.channel.table)
                WHERE id IN (\(list: wanted.map { .integer($0) }))
                """
        ) {
            types[try row.int("id")] = ChannelType(rawValue: try row.text("channel_type"))
        }
        // Channels that are not there are another error.
        return open.filter { list in list.channels.allSatisfy { types[$0]?.hasReceivers == true } }
            .map { FieldError($0.place, "must name somebody: these channels write to people only") }
    }

    /// Usernames that no active user of the team has.
    private func unknownPeople(_ lists: [(place: String, elements: [String])], team: Int64) throws -> [FieldError] {
        let wanted = Set(lists.flatMap(\.elements).filter { !Receiver.isAddress($0) })
        guard !wanted.isEmpty else { return [] }
        let known = try PeopleCheck.active(wanted, team: team, context.connection)
        return missing(lists) { !Receiver.isAddress($0) && !known.contains($0) }
            .map { FieldError($0, "is no active user of this team") }
    }

    /// Channels that are not there, or are not the caller's to know of; those that are stay until the commit.
    private func unknownChannels(_ lists: [(place: String, elements: [Int64])]) throws -> [FieldError] {
        let wanted = Set(lists.flatMap(\.elements))
        guard !wanted.isEmpty else { return [] }
        var condition: SQLFragment = "id IN (\(list: wanted.sorted().map { .integer($0) }))"
        if let scope = context.caller.teamCondition(column: "team") { condition = "\(condition) AND \(scope)" }
        let lock = context.connection.dialect == .postgresql ? " FOR KEY SHARE" : ""
        let rows = try context.connection.query(
            fragment: "SELECT id FROM \(raw: RuleFields.channel.table) WHERE \(condition)\(raw: lock)"
        )
        let known = Set(try rows.map { try $0.int("id") })
        return missing(lists) { !known.contains($0) }.map { FieldError($0, "refers to a channel that does not exist") }
    }

    private func missing<Element>(
        _ lists: [(place: String, elements: [Element])],
        _ isMissing: (Element) -> Bool
    ) -> [String] {
        lists.flatMap { list in
            list.elements.enumerated().filter { isMissing($0.element) }.map { "\(list.place)[\($0.offset)]" }
        }
    }
}
