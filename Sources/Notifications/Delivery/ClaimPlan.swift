// Which of the rows that are due become which messages: pure.

/// A row that is due, as far as the plan needs it.
struct DueRow: Sendable, Hashable {
    var id: Int64
    var receiver: String
    /// 0 is the worst.
    var rank: Int64
    var dueAt: Int64
    /// Of a row whose last attempt may have reached the receiver.
    var messageID: String?
}

/// A message to be: one row, several as a digest, or all rows of an earlier message whose fate is not known.
struct PlannedMessage: Sendable, Hashable {
    var receiver: String
    /// In the order in which they are told. For a repeated message those that are known; all of its rows belong to it.
    var ids: [Int64]
    /// The earlier message's.
    var messageID: String?
    var rank: Int64
    var dueAt: Int64
}

/// What one claim may take.
struct ClaimBounds: Sendable, Hashable {
    /// Tokens left; nil for a channel without a pace.
    var tokens: Int?
    /// Messages at the most.
    var messages: Int
    /// A receiver with more rows than this gets one digest; 0: never.
    var digestThreshold: Int
    /// Rows of a digest at the most.
    var digestLimit: Int
}

/// Makes messages out of rows. Rows of different receivers never mix.
enum ClaimPlan {
    static func messages(_ rows: [DueRow], _ bounds: ClaimBounds) -> [PlannedMessage] {
        var repeated: [String: PlannedMessage] = [:]
        var fresh: [String: [DueRow]] = [:]
        for row in rows {
            if let messageID = row.messageID {
                // Once sent under an id, perhaps, it goes under this id again and with nothing else.
                repeated["\(row.receiver)\n\(messageID)", default: PlannedMessage(row)].take(row)
            } else {
                fresh[row.receiver, default: []].append(row)
            }
        }
        let receivers = fresh.values.map { $0.sorted { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) } }
        let isDigest = { (rows: [DueRow]) in bounds.digestThreshold > 0 && rows.count > bounds.digestThreshold }
        let wanted = repeated.count + receivers.reduce(0) { $0 + (isDigest($1) ? 1 : $1.count) }
        let isScarce = bounds.tokens.map { wanted > $0 } ?? false

        var messages = Array(repeated.values)
        for rows in receivers {
            let together = isDigest(rows) || (isScarce && bounds.digestThreshold > 0 && rows.count > 1)
            if together {
                messages.append(PlannedMessage(rows.prefix(bounds.digestLimit)))
            } else {
                messages += rows.map { PlannedMessage([$0]) }
            }
        }
        messages.sort { left, right in
            // What is told in time is told in its order; when there is not enough for all, the worst goes first.
            isScarce
                ? (left.rank, left.dueAt, left.firstID) < (right.rank, right.dueAt, right.firstID)
                : (left.dueAt, left.firstID) < (right.dueAt, right.firstID)
        }
        return Array(messages.prefix(min(bounds.messages, bounds.tokens ?? bounds.messages)))
    }
}

extension PlannedMessage {
    fileprivate init(_ row: DueRow) {
        self.init(receiver: row.receiver, ids: [], messageID: row.messageID, rank: row.rank, dueAt: row.dueAt)
    }

    /// - Parameter rows: of one receiver, at least one.
    fileprivate init(_ rows: some Collection<DueRow>) {
        self.init(receiver: rows.first?.receiver ?? "", ids: [], rank: .max, dueAt: .max)
        for row in rows { take(row) }
    }

    fileprivate mutating func take(_ row: DueRow) {
        ids.append(row.id)
        rank = min(rank, row.rank)
        dueAt = min(dueAt, row.dueAt)
    }

    fileprivate var firstID: Int64 { ids.min() ?? 0 }
}
