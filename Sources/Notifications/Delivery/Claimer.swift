// Takes the rows of a channel that are due, words and all, in one transaction.

import Resources
import Storage

/// The first of the three steps: claim, send, settle.
struct Claimer: Sendable {
    let channels: any DeliveryChannels
    let composition: NoticeComposition
    let settings: DeliverySettings

    /// Claims what may be sent over the channel now.
    ///
    /// Under the lock of the channel's pace: chooses among the due rows, composes the chosen, drops and postpones as
    /// the composer says, takes tokens, and marks what is left as `sending` under a new generation.
    ///
    /// - Throws: `ChannelFault` when the channel cannot be opened, errors of the store.
    func claim(_ id: Int64, now: Int64, on connection: any SQLConnection) throws -> ClaimResult {
        guard var pace = try PaceRows.lock(id, now: now, connection) else { return .elsewhere }
        if pace.blockedUntil > now { return .wait(until: pace.blockedUntil) }
        guard let channel = try channels.channel(id, on: connection) else {
            return try close(id, "the channel was deleted", now, connection)
        }
        guard channel.isActive else { return try close(id, "the channel is not active", now, connection) }
        var bounds = ClaimBounds(
            tokens: nil,
            messages: settings.messagesPerClaim,
            digestThreshold: channel.digestThreshold,
            digestLimit: settings.digestLimit
        )
        if let limit = channel.ratePerMinute {
            let rule = PaceRule(limit: limit)
            pace.refill(rule, now: now)
            guard pace.tokens >= 1 else { return .wait(until: pace.readyAt(rule, now: now)) }
            bounds.tokens = Int(pace.tokens)
            // A token stands for a message that goes now: what is claimed must not queue up behind a slow one.
            bounds.messages = channel.sendsAtOnce(settings)
        }
        let due = try ClaimRows.due(id, now: now, worstFirst: bounds.tokens != nil, settings.digestLimit, connection)
        guard !due.isEmpty else { return .nothing }
        var claim = Claim(channel: channel, messages: [])
        for planned in ClaimPlan.messages(due, bounds) {
            if let message = try take(planned, &claim.counts, now, channel, connection) {
                claim.messages.append(message)
            }
        }
        if bounds.tokens != nil, !claim.messages.isEmpty {
            pace.tokens -= Double(claim.messages.count)
            try PaceRows.store(pace, connection)
        }
        return .claimed(claim)
    }

    /// Makes a planned message a claimed one, or nothing when there is nothing left to tell.
    private func take(
        _ planned: PlannedMessage,
        _ counts: inout ClaimCounts,
        _ now: Int64,
        _ channel: NotificationChannel,
        _ connection: any SQLConnection
    ) throws -> ClaimedMessage? {
        var rows = try ClaimRows.lock(planned, channel: channel.id, now: now, connection)
        rows = try giveUp(rows, &counts, now, connection)
        let composed = try composition.compose(rows.compactMap(\.stored), now: now, on: connection)
        var ready: [ClaimedRow] = []
        var reasons: [String: [Int64]] = [:]
        for row in rows {
            switch composed[row.id] {
            case .verdict(.send(let content)):
                ready.append(ClaimedRow(row, content))
            case .verdict(.drop(let reason)):
                reasons[reason, default: []].append(row.id)
            case .verdict(.postpone(let until)):
                try ClaimRows.postpone(row.id, until: max(until, now + 1_000), now, connection)
                counts.postponed += 1
            case .fault(let reason):
                try fail(row, reason, &counts, now, connection)
            case nil:
                reasons["nobody knows what it is about", default: []].append(row.id)
            }
        }
        for (reason, ids) in reasons {
            counts.dropped += try ClaimRows.finish(ids, as: .dropped, reason, now, connection)
        }
        if ready.count > 1 {
            // What has changed since a digest that may have arrived is news, and goes by itself.
            for row in ready where row.saysOther {
                try ClaimRows.postpone(row.id, until: now, now, connection)
                counts.postponed += 1
            }
            ready.removeAll(where: \.saysOther)
        }
        guard let first = ready.first else { return nil }
        counts.takenOver += rows.count { $0.state == .sending }
        let message = ClaimedMessage(
            receiver: planned.receiver,
            messageID: messageID(planned, first, isDigest: ready.count > 1),
            rows: ready
        )
        try ClaimRows.mark(message, until: now + settings.lease, now, connection)
        return message
    }

    /// A single notice keeps its id, unless it says something else than an attempt that may have arrived: under the
    /// same id the receiver would take the news for a duplicate. A digest is another one each time that it is made
    /// anew, since other rows may be in it; made again after an attempt of unknown fate it is the same.
    private func messageID(_ planned: PlannedMessage, _ first: ClaimedRow, isDigest: Bool) -> String {
        if first.saysOther { return "notice-\(first.id)-\(first.generation)" }
        if let messageID = planned.messageID { return messageID }
        return isDigest ? "digest-\(first.id)-\(first.generation)" : "notice-\(first.id)"
    }

    /// Rows that were claimed again and again, and of which no worker told what became of them, are given up: they may
    /// be what ends the workers.
    private func giveUp(
        _ rows: [OutboxRow],
        _ counts: inout ClaimCounts,
        _ now: Int64,
        _ connection: any SQLConnection
    ) throws -> [OutboxRow] {
        let hopeless = rows.filter { $0.state == .sending && $0.attempts + 1 >= settings.retry.maximumDoubtfulAttempts }
        guard !hopeless.isEmpty else { return rows }
        let ids = hopeless.map(\.id)
        counts.unknown += try ClaimRows.finish(
            ids,
            as: .unknown,
            "begun \(settings.retry.maximumDoubtfulAttempts) times, and never heard of again",
            now,
            connection
        )
        return rows.filter { row in !ids.contains(row.id) }
    }

    /// A notice that cannot be composed waits and is given up like one that cannot be sent; the others go on.
    private func fail(
        _ row: OutboxRow,
        _ reason: String,
        _ counts: inout ClaimCounts,
        _ now: Int64,
        _ connection: any SQLConnection
    ) throws {
        counts.faults.append("notice \(row.id): \(reason)")
        let attempts = row.attempts + 1
        guard attempts < settings.retry.maximumAttempts else {
            counts.dead += try ClaimRows.finish([row.id], as: .dead, reason, now, connection)
            return
        }
        let dueAt = now + settings.retry.pause(afterAttempts: attempts, jitter: 0)
        try ClaimRows.putBack(row.id, attempts: attempts, dueAt: dueAt, reason, now, connection)
        counts.retries += 1
    }

    /// What is due on a channel that cannot be used becomes dead, where people see it and can send it again.
    private func close(
        _ channel: Int64,
        _ reason: String,
        _ now: Int64,
        _ connection: any SQLConnection
    ) throws -> ClaimResult {
        let rows = try ClaimRows.closeChannel(channel, reason, now, connection)
        return rows == 0 ? .nothing : .closed(rows: rows, reason: reason)
    }
}

extension ClaimedRow {
    /// The row as it will be once it is marked.
    init(_ row: OutboxRow, _ content: NoticeContent) {
        id = row.id
        generation = row.generation + 1
        attempts = row.attempts + (row.state == .sending ? 1 : 0)
        toldBefore = row.told
        messageIDBefore = row.messageID
        self.content = content
    }
}

extension NotificationChannel {
    /// Messages under way at the same time. Robots and webhooks take one after the other.
    func sendsAtOnce(_ settings: DeliverySettings) -> Int {
        type.hasReceivers ? max(1, settings.messagesAtOnce) : 1
    }
}
