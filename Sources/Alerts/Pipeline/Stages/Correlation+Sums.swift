// What its alerts come to is written into an incident.

import Storage

/// An incident that was looked at in this transaction.
struct IncidentChange: Sendable {
    var id: Int64
    var wasOpen: Bool
    var isNew: Bool
    /// As it is now.
    var incident: StoredIncident?

    init(id: Int64, wasOpen: Bool, isNew: Bool = false, incident: StoredIncident? = nil) {
        self.id = id
        self.wasOpen = wasOpen
        self.isNew = isNew
        self.incident = incident
    }
}

extension Correlation {
    /// Brings the incidents in `work.incidents` in agreement with their alerts.
    static func settle(_ work: inout PipelineWork) throws {
        let ids = work.incidents
        work.incidents = []
        guard !ids.isEmpty else { return }
        try work.flush()
        let new = Set(work.incidentChanges.filter(\.isNew).map(\.id))
        work.incidentChanges.removeAll { ids.contains($0.id) }
        let extents = try MemberRows.extents(.incidents, ids, work.connection)
        var changed: [(before: StoredIncident, after: StoredIncident)] = []
        for incident in try RuleIncidentRows.with(ids: ids, work.connection) {
            let rule = work.rules.correlations.first { $0.id == incident.rule }
            var after = incident
            let extent = extents[incident.id]
            if let rule, let extent {
                let isWorst = rule.root == .worst
                after.root = try MemberRows.first(
                    of: incident.id,
                    level: isWorst ? extent.worst : nil,
                    start: isWorst ? extent.worstStart : extent.start,
                    work.connection
                )
            }
            let isNew = new.contains(incident.id)
            after.take(extent, isNew: isNew, now: work.now)
            if after != incident { changed.append((incident, after)) }
            if isNew || after.isOpen != incident.isOpen {
                work.incidentChanges.append(
                    IncidentChange(
                        id: incident.id,
                        wasOpen: !isNew && incident.isOpen,
                        isNew: isNew,
                        incident: after
                    )
                )
            }
        }
        // Only one incident of a group may be open: those that end go first.
        for change in changed.sorted(by: { !$0.after.isOpen && $1.after.isOpen }) {
            try RuleIncidentRows.update(change.after, now: work.now, work.connection)
        }
    }
}

extension StoredIncident {
    /// Takes over what its alerts come to; nil: it has none.
    fileprivate mutating func take(_ extent: MemberExtent?, isNew: Bool, now: Int64) {
        guard let extent else {
            // Its alerts belong to another incident. People's own incidents may be empty.
            if !isFrozen, isOpen || isNew {
                status = "closed"
                closedBy = "rule:correlation"
                end = max(now, start)
            }
            return
        }
        level = extent.worst
        start = extent.start
        lastAlertAt = extent.lastStart
        if !extent.isOpen {
            if isOpen || isNew {
                status = "resolved"
            }
            if closedBy == nil { end = extent.end ?? lastAlertAt }
        } else if !isOpen, !isFrozen {
            status = "pending"
            end = nil
        }
    }
}
