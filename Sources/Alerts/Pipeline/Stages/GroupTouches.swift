// Which members of which groups a transaction has changed, as far as groups are laid out by it.

import Storage

/// A member that came, went, or began or ended at another moment.
struct GroupTouch: Sendable {
    var id: Int64
    /// As it was in the group; nil for one that was not.
    var before: GroupedEpisode?
    /// As it is; nil for one that has left.
    var after: GroupedEpisode?
    /// The aggregate or incident that it was in.
    var pointer: Int64?
    /// To be laid out even if nothing differs: rules have changed.
    var isForced = false

    /// Whether it went on before as it does now.
    var isSteady: Bool { before != nil && before == after }

    fileprivate var starts: [Int64] { [before?.start, after?.start].compactMap(\.self) }
}

/// The changes of a transaction, by group.
struct GroupTouches: Sendable {
    private var touches: [GroupKey: [GroupTouch]] = [:]

    var isEmpty: Bool { touches.isEmpty }

    /// Notes an alert that was in one group, or none, and is in one now, or none.
    mutating func note(_ alert: Alert, _ change: AlertChange, from old: GroupKey?, to new: GroupKey?, pointer: Int64?) {
        let before = change.before.map { GroupedEpisode($0) }
        let after = GroupedEpisode(alert)
        if old == new, let new {
            add(new, GroupTouch(id: alert.id, before: before, after: after, pointer: pointer, isForced: change.isNews))
            return
        }
        if let old { add(old, GroupTouch(id: alert.id, before: before ?? after, pointer: pointer)) }
        if let new { add(new, GroupTouch(id: alert.id, after: after)) }
    }

    private mutating func add(_ group: GroupKey, _ touch: GroupTouch) {
        touches[group, default: []].append(touch)
    }

    /// In an order that does not depend on chance.
    var sorted: [(group: GroupKey, touches: [GroupTouch])] {
        touches.sorted { ($0.key.rule, $0.key.values) < ($1.key.rule, $1.key.values) }
            .map { ($0.key, $0.value) }
    }
}

extension [GroupTouch] {
    /// The first and the last start that they speak of.
    var starts: ClosedRange<Int64>? {
        let starts = flatMap(\.starts)
        guard let first = starts.min(), let last = starts.max() else { return nil }
        return first...last
    }
}

extension GroupedEpisode {
    init(_ alert: Alert) {
        self.init(id: alert.id, start: alert.span.start, end: alert.status.isOpen ? nil : alert.span.end)
    }
}
