// Asks the composers of the topics, and keeps one notice that cannot be composed from holding up the others.

import Storage

/// What a composer said of a notice, or that it could not say anything.
enum ComposedNotice: Sendable, Hashable {
    case verdict(NoticeVerdict)
    case fault(String)
}

/// The composers by topic type.
struct NoticeComposition: Sendable {
    let composers: [String: any NoticeComposer]

    /// What is to become of each notice, by the row's id; those are missing that nobody knows.
    ///
    /// - Throws: only what concerns the transaction, which may be repeated.
    func compose(
        _ notices: [StoredNotice],
        now: Int64,
        on connection: any SQLConnection
    ) throws -> [Int64: ComposedNotice] {
        var composed: [Int64: ComposedNotice] = [:]
        for (type, notices) in Dictionary(grouping: notices, by: { $0.notice.topic.type }) {
            guard let composer = composers[type] else { continue }
            let verdicts = try attempt(composer, notices, now, connection)
            for (id, verdict) in verdicts { composed[id] = verdict }
        }
        return composed
    }

    private func attempt(
        _ composer: any NoticeComposer,
        _ notices: [StoredNotice],
        _ now: Int64,
        _ connection: any SQLConnection
    ) throws -> [Int64: ComposedNotice] {
        do {
            return try connection.savepoint {
                try composer.compose(notices, now: now, on: connection).mapValues { .verdict($0) }
            }
        } catch {
            if (error as? DatabaseError)?.concernsTransaction == true { throw error }
            guard notices.count > 1 else {
                return Dictionary(
                    notices.map { ($0.id, .fault("it could not be composed: \(error)".shownReason)) },
                    uniquingKeysWith: { first, _ in first }
                )
            }
            var composed: [Int64: ComposedNotice] = [:]
            for notice in notices {
                composed.merge(try attempt(composer, [notice], now, connection)) { first, _ in first }
            }
            return composed
        }
    }
}

extension DatabaseError {
    /// Whether the store is to be blamed, and not the statement or the row.
    var concernsTransaction: Bool {
        switch kind {
        case .busy, .unavailable, .overloaded, .closed: true
        default: false
        }
    }
}

extension String {
    /// A reason as it is kept with a row: bounded, since some repeat what the other side said.
    var shownReason: String {
        unicodeScalars.count <= 500 ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(499))) + "…"
    }
}
