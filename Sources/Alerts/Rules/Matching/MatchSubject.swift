// What rules look at: an alert or an event, by the names that rules use.

/// A name that a rule may ask for: bk-lite's keys (bklite.md section 2.5) and any label.
package enum MatchKey: Sendable, Hashable {
    case sourceID
    /// As the level's name.
    case level
    /// As bk-lite's number, `"0"` to `"3"`.
    case levelID
    case title
    case content
    /// The label `resource_id`, else the host.
    case resourceID
    /// The label `resource_name`, else the host.
    case resourceName
    case host
    /// The label `resource_type`.
    case resourceType
    case status
    case label(String)

    /// The names that are no labels.
    package static let names = [
        "source_id", "level", "level_id", "title", "content", "resource_id", "resource_name", "host", "resource_type",
        "status",
    ]

    /// A name as rules write it: one of `names`, or `labels.NAME`. Nil for others.
    package init?(_ name: String) {
        switch name {
        case "source_id": self = .sourceID
        case "level": self = .level
        case "level_id": self = .levelID
        case "title": self = .title
        case "content": self = .content
        case "resource_id": self = .resourceID
        case "resource_name": self = .resourceName
        case "host": self = .host
        case "resource_type": self = .resourceType
        case "status": self = .status
        default:
            guard name.hasPrefix("labels."), name.utf8.count > 7, name.utf8.count <= 7 + TextLimits.labelName else {
                return nil
            }
            self = .label(String(name.dropFirst(7)))
        }
    }

    /// What is wrong with a name, when it is none.
    static func problem(_ name: String) -> String? {
        guard MatchKey(name) == nil else { return nil }
        return "must be one of \(names.joined(separator: ", ")) or labels.NAME, not \(name.harmless(limit: 60))"
    }
}

/// An alert or an event as rules see it.
package struct MatchSubject: Sendable {
    /// What senders call the source.
    package var sourceID: String
    package var level: AlertLevel
    package var title: String
    /// The description.
    package var content: String
    package var host: String
    /// `firing`, `acknowledged`, `resolved`, `closed`.
    package var status: String
    package var labels: [Label]

    package init(
        sourceID: String,
        level: AlertLevel,
        title: String,
        content: String,
        host: String,
        status: String,
        labels: [Label]
    ) {
        self.sourceID = sourceID
        self.level = level
        self.title = title
        self.content = content
        self.host = host
        self.status = status
        self.labels = labels
    }

    package init(_ alert: Alert, sourceID: String) {
        self.init(
            sourceID: sourceID,
            level: alert.level,
            title: alert.title,
            content: alert.details,
            host: alert.host,
            status: alert.status.rawValue,
            labels: alert.labels
        )
    }

    package init(_ event: AlertEvent, sourceID: String) {
        self.init(
            sourceID: sourceID,
            level: event.level,
            title: event.title,
            content: event.details,
            host: event.host,
            status: event.status.rawValue,
            labels: event.labels
        )
    }

    /// The text under a key; nil when there is none: the label is missing, or the thing has no host.
    package func text(_ key: MatchKey) -> String? {
        switch key {
        case .sourceID: sourceID
        case .level: level.name
        case .levelID: String(level.rawValue)
        case .title: title
        case .content: content
        case .resourceID: label("resource_id") ?? machine
        case .resourceName: label("resource_name") ?? machine
        case .host: machine
        case .resourceType: label("resource_type")
        case .status: status
        case .label(let name): labels[name: name]
        }
    }

    /// The texts under names as in `group_by`, empty where there is none.
    package func values(of names: [String]) -> [String] {
        names.map { name in MatchKey(name).flatMap(text) ?? "" }
    }

    private var machine: String? { host.isEmpty ? nil : host }

    private func label(_ name: String) -> String? {
        labels[name: name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
