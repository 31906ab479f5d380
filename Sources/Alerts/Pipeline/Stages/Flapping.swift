// Stage 3: what comes and goes too often is told once, and then not again until it is quiet.

import JSON
import Storage

enum Flapping: PipelineStage {
    static func run(_ work: inout PipelineWork) throws {
        var suspects: [(alert: Alert, count: Int64, window: Int64)] = []
        for change in work.changes where change.before == nil {
            let alert = try work.alert(change)
            let isRepeated = alert.handling.kind == .aggregate || (alert.hasEarlier && alert.isLatest)
            guard isRepeated, let source = try work.source(alert.source), source.flapCount > 0 else { continue }
            suspects.append((alert, source.flapCount, source.flapWindowMinutes * 60_000))
        }
        guard !suspects.isEmpty else { return }
        let from = suspects.map { $0.alert.span.start - $0.window }.min() ?? 0
        let singles = suspects.map(\.alert).filter { $0.handling.kind == .single }
        let episodes =
            singles.isEmpty ? [:] : try FlapRows.episodes(singles.map(\.fingerprint), from: from, work.connection)
        var flapping = Set(episodes.values.joined().filter(\.isFlapping).map(\.id))
        for suspect in suspects.sorted(by: { $0.alert.span.start < $1.alert.span.start }) {
            let alert = suspect.alert
            let start = alert.span.start
            let others: [FlapEpisode]
            if alert.handling.kind == .aggregate {
                others = try FlapRows.aggregates(alert, from: start - suspect.window, work.connection)
                flapping.formUnion(others.filter(\.isFlapping).map(\.id))
            } else {
                others = episodes[FingerprintKey(source: alert.source, fingerprint: alert.fingerprint)] ?? []
            }
            let recent = others.filter { $0.start <= start && $0.start > start - suspect.window }
            guard recent.count >= suspect.count else { continue }
            // People were told with the first one that it comes and goes.
            if recent.contains(where: { $0.id != alert.id && flapping.contains($0.id) }) {
                work.silent.insert(alert.id)
            }
            flapping.insert(alert.id)
            let calm = work.now + suspect.window
            work.edit(alert.id) { handling in
                handling.isFlapping = true
                handling.calmDueAt = calm
            }
            try FlapRows.forgetCalm(recent.map(\.id).filter { $0 != alert.id }, work.connection)
            for other in recent where other.id != alert.id { work.edit(other.id) { $0.calmDueAt = nil } }
        }
    }
}

/// An episode as far as flapping is concerned.
struct FlapEpisode: Sendable {
    var id: Int64
    var start: Int64
    var isFlapping: Bool
}

enum FlapRows {
    static func episodes(
        _ fingerprints: [String],
        from: Int64,
        _ connection: any SQLConnection
    ) throws -> [FingerprintKey: [FlapEpisode]] {
        let list = JSONValue.array(fingerprints.map { .string($0) }).text
        let among = connection.dialect.isAmongTexts("fingerprint", "$1")
        var episodes: [FingerprintKey: [FlapEpisode]] = [:]
        for row in try connection.query(
            """
            SELECT id, source, fingerprint, started_at, is_flapping FROM alert WHERE \(among) AND started_at > $2
            """,
            [.text(list), .integer(from)]
        ) {
            let key = FingerprintKey(source: try row.int("source"), fingerprint: try row.text("fingerprint"))
            episodes[key, default: []].append(try episode(row))
        }
        return episodes
    }

    /// The aggregates of the same group.
    static func aggregates(
        _ alert: Alert,
        from: Int64,
        _ connection: any SQLConnection
    ) throws -> [FlapEpisode] {
        try connection.query(
            """
            SELECT id, started_at, is_flapping FROM alert
            WHERE rule = $1 AND group_key = $2 AND started_at > $3 AND kind = 'aggregate' AND member_count > 0
            """,
            [.optional(alert.handling.rule), .optional(alert.handling.groupKey), .integer(from)]
        ).map(episode)
    }

    /// What flaps together with an alert, itself included.
    static func chain(_ alert: Alert, _ connection: any SQLConnection) throws -> [Int64] {
        let rows =
            if alert.handling.kind == .aggregate {
                try connection.query(
                    "SELECT id FROM alert WHERE rule = $1 AND group_key = $2 AND kind = 'aggregate' "
                        + "AND is_flapping = 1 ORDER BY id",
                    [.optional(alert.handling.rule), .optional(alert.handling.groupKey)]
                )
            } else {
                try connection.query(
                    "SELECT id FROM alert WHERE fingerprint = $1 AND source = $2 AND is_flapping = 1 ORDER BY id",
                    [.text(alert.fingerprint), .integer(alert.source)]
                )
            }
        return try rows.map { try $0.int("id") }
    }

    /// They are quiet.
    static func calm(_ alerts: [Int64], _ connection: any SQLConnection) throws {
        guard !alerts.isEmpty else { return }
        let list = JSONValue.array(alerts.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        try connection.execute("UPDATE alert SET is_flapping = 0, calm_due_at = NULL WHERE \(among)", [.text(list)])
    }

    private static func episode(_ row: SQLRow) throws -> FlapEpisode {
        FlapEpisode(
            id: try row.int("id"),
            start: try row.int("started_at"),
            isFlapping: try row.bool("is_flapping")
        )
    }

    /// Only the newest episode waits for quiet.
    static func forgetCalm(_ alerts: [Int64], _ connection: any SQLConnection) throws {
        guard !alerts.isEmpty else { return }
        let list = JSONValue.array(alerts.map { JSONValue.integer($0) }).text
        let among = connection.dialect.isAmongIntegers("id", "$1")
        try connection.execute(
            "UPDATE alert SET calm_due_at = NULL WHERE calm_due_at IS NOT NULL AND \(among)",
            [.text(list)]
        )
    }
}
