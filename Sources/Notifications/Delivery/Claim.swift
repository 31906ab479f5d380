// What a worker holds between claiming and settling.

/// A row in a worker's hands.
struct ClaimedRow: Sendable, Hashable {
    var id: Int64
    /// Only while the row still has it may this worker settle it.
    var generation: Int64
    /// Attempts before this one.
    var attempts: Int
    /// What the receiver had been told, perhaps, before this attempt, and under which id.
    var toldBefore: String?
    var messageIDBefore: String?
    var content: NoticeContent

    /// Whether an earlier attempt may have reached the receiver.
    var isRepeated: Bool { messageIDBefore != nil }
    /// Whether it has something else to say than that attempt had.
    var saysOther: Bool { isRepeated && toldBefore != content.told }
}

/// A message in a worker's hands.
struct ClaimedMessage: Sendable {
    var receiver: String
    var messageID: String
    /// At least one; several make a digest.
    var rows: [ClaimedRow]

    var isDigest: Bool { rows.count > 1 }
}

/// What one claim took.
struct Claim: Sendable {
    var channel: NotificationChannel
    var messages: [ClaimedMessage]
    var counts = ClaimCounts()

    /// Nothing was taken and nothing was put aside; should not be, and must not become a loop.
    var isEmpty: Bool { messages.isEmpty && counts == ClaimCounts() }
}

/// What became of the rows that a claim looked at and did not take.
struct ClaimCounts: Sendable, Hashable {
    var dropped = 0
    var postponed = 0
    var takenOver = 0
    /// Given up, with a reason for the log.
    var dead = 0
    var unknown = 0
    /// Put back since their words could not be found.
    var retries = 0
    var faults: [String] = []
}

/// What came of an attempt to claim.
enum ClaimResult: Sendable {
    /// Nothing is due.
    case nothing
    /// Another node is at it.
    case elsewhere
    /// Nothing may be sent before the moment.
    case wait(until: Int64)
    /// The channel cannot be used; its due rows were given up.
    case closed(rows: Int, reason: String)
    case claimed(Claim)
}
