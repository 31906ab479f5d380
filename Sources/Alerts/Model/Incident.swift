// An incident: alerts that have one cause, gathered by a rule or a person.

/// A row of `alert_incident`. Its members are the alerts with its number in `alert.incident`. Times are epoch
/// milliseconds, UTC.
package struct Incident: Sendable, Hashable {
    package var id: Int64
    package var team: Int64
    package var title: String
    package var details: String
    /// The worst of its alerts, unless a person said otherwise.
    package var level: AlertLevel
    package var status: IncidentStatus
    package var operators: [String]
    package var rootAlert: Int64?
    /// The correlation rule that made it, and what its alerts share; nil for one that a person made.
    package var rule: Int64?
    package var groupKey: String?
    package var startedAt: Int64
    package var endedAt: Int64?
    package var lastAlertAt: Int64
    package var acknowledgedBy: String?
    package var acknowledgedAt: Int64?
    package var closedBy: String?
    package var closedAt: Int64?
    package var closeReason: String?
    package var createdBy: String
    package var createdAt: Int64
    package var updatedAt: Int64
}
