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
        let alerts = Dictionary(grouping: try RuleIncidentRows.alerts(of: ids, work.connection), by: \.incident)
        var changed: [(before: StoredIncident, after: StoredIncident)] = []
        for incident in try RuleIncidentRows.with(ids: ids, work.connection) {
            let rule = work.rules.correlations.first { $0.id == incident.rule }
            var after = incident
            after.take(alerts[incident.id] ?? [], root: rule?.root, isNew: new.contains(incident.id), now: work.now)
            let isNew = new.contains(incident.id)
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
    /// Takes over what its alerts, ordered by start, come to.
    fileprivate mutating func take(_ alerts: [IncidentAlert], root wanted: IncidentRoot?, isNew: Bool, now: Int64) {
        guard let first = alerts.first else {
            // Its alerts belong to another incident. People's own incidents may be empty.
            if !isFrozen, isOpen || isNew {
                status = "closed"
                closedBy = "rule:correlation"
                end = max(now, start)
            }
            return
        }
        let worst = alerts.map(\.level).max() ?? level
        level = worst
        start = first.start
        lastAlertAt = alerts.map(\.start).max() ?? first.start
        if let wanted {
            let chosen = wanted == .first ? first : alerts.first { $0.level == worst } ?? first
            root = chosen.id
        }
        let isOver = alerts.allSatisfy { !$0.isOpen }
        if isOver {
            if isOpen || isNew {
                status = "resolved"
            }
            if closedBy == nil { end = alerts.compactMap(\.end).max() ?? lastAlertAt }
        } else if !isOpen, !isFrozen {
            status = "pending"
            end = nil
        }
    }
}
