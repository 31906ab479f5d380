// How many messages a channel may get in a minute: a token bucket that all nodes share.

import Storage

/// The bucket's measures for a channel.
struct PaceRule: Sendable, Hashable {
    /// Tokens when it is full: so many messages may go at once.
    let capacity: Double
    /// Tokens that come in a millisecond.
    let refill: Double

    /// The time in which `limit` messages may go: a minute, and two seconds for differences on their way.
    private static let window = 62_000.0

    /// In every span shorter than the window at most `limit` tokens are given: one that begins with a full bucket sees
    /// its capacity and what comes in, and that is less than `limit + 1`.
    init(limit: Int) {
        let limit = max(1, limit)
        let capacity = max(1, limit / 4)
        self.capacity = Double(capacity)
        refill = Double(limit + 1 - capacity) / Self.window
    }
}

/// The bucket of a channel, and until when the channel is blocked.
struct Pace: Sendable, Hashable {
    var channel: Int64
    var tokens: Double
    /// Epoch milliseconds; never goes back, so that a node with a slow clock gives nothing twice.
    var refilledAt: Int64
    var blockedUntil: Int64

    /// What has come in since.
    mutating func refill(_ rule: PaceRule, now: Int64) {
        let elapsed = max(0, now - refilledAt)
        tokens = min(rule.capacity, tokens + Double(elapsed) * rule.refill)
        refilledAt = max(refilledAt, now)
    }

    /// When the next token is there.
    func readyAt(_ rule: PaceRule, now: Int64) -> Int64 {
        now + max(1, Int64(((1 - tokens) / rule.refill).rounded(.up)))
    }
}

/// The table `notification_pace`. Its row is also the lock under which one node at a time claims from a channel.
enum PaceRows {
    /// A bucket that is not there yet is full, whatever its capacity.
    private static let full = 1_000_000.0

    /// The channel's row, locked; nil when another node is claiming from the channel just now.
    static func lock(_ channel: Int64, now: Int64, _ connection: any SQLConnection) throws -> Pace? {
        let select = "SELECT channel, tokens, refilled_at, blocked_until FROM notification_pace WHERE channel = $1"
        let lock = connection.dialect.forUpdate(skippingLocked: true)
        if let row = try connection.query(select + lock, [.integer(channel)]).first { return try pace(row) }
        if try !connection.query(select, [.integer(channel)]).isEmpty { return nil }
        try connection.execute(
            """
            INSERT INTO notification_pace (channel, tokens, refilled_at, blocked_until) VALUES ($1, $2, $3, 0)
            ON CONFLICT (channel) DO NOTHING
            """,
            [.integer(channel), .real(full), .integer(now)]
        )
        return try connection.query(select + lock, [.integer(channel)]).first.map(pace)
    }

    static func store(_ pace: Pace, _ connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE notification_pace SET tokens = $2, refilled_at = $3 WHERE channel = $1",
            [.integer(pace.channel), .real(pace.tokens), .integer(pace.refilledAt)]
        )
    }

    /// Nothing is sent over the channel before the moment, by no node.
    static func block(_ channel: Int64, until: Int64, _ connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE notification_pace SET blocked_until = $2 WHERE channel = $1 AND blocked_until < $2",
            [.integer(channel), .integer(until)]
        )
    }

    private static func pace(_ row: SQLRow) throws -> Pace {
        Pace(
            channel: try row.int("channel"),
            tokens: try row.real("tokens"),
            refilledAt: try row.int("refilled_at"),
            blockedUntil: try row.int("blocked_until")
        )
    }
}
