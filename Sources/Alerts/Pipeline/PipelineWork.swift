// What the stages work on: the alerts that a transaction changed, and what is to be told of them.

import Notifications
import Storage

/// An alert that was changed in this transaction.
struct AlertChange: Sendable {
    var id: Int64
    /// As it was; nil for a new one.
    var before: Alert?
    /// Rules look at it as if it had just come: a new one, or one that nothing hides any more.
    var isNews: Bool

    init(id: Int64, before: Alert?, isNews: Bool? = nil) {
        self.id = id
        self.before = before
        self.isNews = isNews ?? (before == nil)
    }
}

/// One small step of the pipeline on all changes of a transaction: few statements, however many changes.
protocol PipelineStage {
    static func run(_ work: inout PipelineWork) throws
}

/// The state between the stages. Effects on the store go through `connection` and are part of the transaction.
struct PipelineWork {
    let connection: any SQLConnection
    let rules: RuleBook
    /// Epoch milliseconds, UTC.
    let now: Int64
    var changes: [AlertChange] = []
    /// What is to be told when all is known.
    var notices: [Notice] = []
    /// New notices that are in the outbox already.
    var told = 0
    /// Given to people in this transaction, and by which rule.
    var assigned: [Int64: AssignmentRule] = [:]
    /// Told of by another alert already: comes and goes.
    var silent: Set<Int64> = []
    /// Groups whose sums may have changed.
    var aggregates = MemberSums()
    var incidents: Set<Int64> = []
    var incidentChanges: [IncidentChange] = []

    private(set) var alerts: [Int64: Alert] = [:]
    private(set) var sources: [Int64: AlertSource]
    private var unwritten: Set<Int64> = []

    init(connection: any SQLConnection, rules: RuleBook, now: Int64, sources: [AlertSource] = []) {
        self.connection = connection
        self.rules = rules
        self.now = now
        self.sources = Dictionary(sources.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes in an alert as it is in the store now.
    mutating func add(_ alert: Alert, before: Alert?, isNews: Bool? = nil) {
        alerts[alert.id] = alert
        changes.append(AlertChange(id: alert.id, before: before, isNews: isNews))
    }

    /// The alert of a change.
    func alert(_ change: AlertChange) throws -> Alert {
        guard let alert = alerts[change.id] else { throw DatabaseError(.decoding, "an alert went missing") }
        return alert
    }

    /// An alert that was changed in this transaction.
    func known(_ id: Int64) -> Alert? { alerts[id] }

    /// Changes what rules know of an alert; written by `flush`.
    ///
    /// - Parameter touching: write it even if nothing differs from what is known here.
    mutating func edit(_ id: Int64, touching: Bool = false, _ body: (inout AlertHandling) -> Void) {
        guard var handling = alerts[id]?.handling else { return }
        let before = handling
        body(&handling)
        guard touching || handling != before else { return }
        alerts[id]?.handling = handling
        unwritten.insert(id)
    }

    /// Notes what a statement has written already.
    mutating func note(_ id: Int64, _ body: (inout AlertHandling) -> Void) {
        if var handling = alerts[id]?.handling {
            body(&handling)
            alerts[id]?.handling = handling
        }
    }

    /// Writes what `edit` changed.
    mutating func flush() throws {
        guard !unwritten.isEmpty else { return }
        try HandlingRows.update(unwritten.sorted().compactMap { alerts[$0] }, connection)
        unwritten = []
    }

    /// The alert as rules see it.
    mutating func subject(_ alert: Alert) throws -> MatchSubject {
        MatchSubject(alert, sourceID: try source(alert.source)?.sourceID ?? "")
    }

    mutating func source(_ id: Int64) throws -> AlertSource? {
        if let known = sources[id] { return known }
        let rows = try connection.query("SELECT * FROM alert_source WHERE id = $1", [.integer(id)])
        let found = try rows.first.map(AlertSource.init)
        sources[id] = found
        return found
    }

    /// All stages, in the order of the folder.
    ///
    /// - Returns: how many notices were new.
    mutating func run() throws -> Int {
        guard !changes.isEmpty else { return 0 }
        try Shielding.run(&self)
        try Aggregation.run(&self)
        try Flapping.run(&self)
        try Correlation.run(&self)
        try Assignment.run(&self)
        try flush()
        return try tell()
    }

    /// What follows when alerts have ended and nothing else: groups and notices.
    mutating func settle() throws -> Int {
        try Aggregation.settle(&self)
        try Correlation.settle(&self)
        try Assignment.run(&self)
        try flush()
        return try tell()
    }

    private mutating func tell() throws -> Int {
        try Notices.run(&self)
        return try enqueue()
    }

    /// Puts the notices into the outbox.
    ///
    /// - Returns: how many were new, with those that are there already.
    mutating func enqueue() throws -> Int {
        defer { notices = [] }
        guard !notices.isEmpty else { return told }
        return try told + Outbox.enqueue(notices, dueAt: now, now: now, on: connection)
    }
}

extension Alert {
    /// Whether an alert is told of by itself: neither hidden nor waiting nor part of another, and still there.
    var standsAlone: Bool {
        handling.shield == nil && !handling.isHeld && handling.aggregate == nil && !isEmptied
    }

    /// An aggregate that lost its members to another.
    var isEmptied: Bool { handling.kind == .aggregate && handling.memberCount == 0 }

    /// Whether rules have to look at it again: what they match is not the same.
    func reads(otherwiseThan other: Alert) -> Bool {
        level != other.level || title != other.title || details != other.details || host != other.host
            || labels != other.labels
    }
}
