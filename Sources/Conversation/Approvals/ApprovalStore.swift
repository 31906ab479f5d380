// The table `approval`: each step is one transaction, so that a code works once however many try it at a time.

import Identity
import JSON
import Storage

/// Writes and reads approvals. All bounds of the whole mechanism stand here.
struct ApprovalStore: Sendable {
    /// How long a code works, milliseconds.
    static let lifetime: Int64 = 10 * 60_000
    /// Wrong codes that a user may give within `guessWindow` before all codes are refused.
    static let wrongCodes: Int64 = 10
    static let guessWindow: Int64 = 10 * 60_000
    /// Approvals of one user that may wait at the same time: more is a model that runs wild.
    static let waiting: Int64 = 20
    /// Decided ones are kept for those who ask what became of a code; the audit log remembers for good.
    private static let kept: Int64 = 30 * 86_400_000

    let database: any Database

    /// A call that is to wait.
    struct Draft: Sendable {
        let userID: Int64
        let username: String
        let team: Int64
        let bot: String
        let skill: String?
        let tool: String
        /// Canonical JSON: equal calls are equal texts.
        let arguments: String
        let summary: String
        let language: ApprovalLanguage
        let requestID: String
    }

    /// What a code turned out to be.
    enum Claim: Sendable {
        /// The caller's to run; nobody else gets it.
        case claimed(Approval)
        case refused(Approval)
        case unknown
        case expired(Approval)
        /// Decided before; the approval's state says how.
        case used(Approval)
        /// The check failed; the approval waits on.
        case barred(Approval, ApprovalBar)
        /// Too many wrong codes, until this time.
        case limited(until: Int64)
    }

    /// Keeps a call, or finds the identical one that waits already; nil when too many wait.
    ///
    /// - Parameter note: writes the audit entry in the same transaction.
    func keep(
        _ draft: Draft,
        now: Int64,
        note: @escaping @Sendable (Approval, any SQLConnection) throws -> Void
    ) async throws -> Approval? {
        // Made here: a transaction that is repeated must not do more than the first time.
        let codes = (0..<4).map { _ in ApprovalCode.make() }
        return try await database.write { connection -> Approval? in
            _ = try connection.execute("DELETE FROM approval WHERE expires_at < $1", [.integer(now - Self.kept)])
            if let same = try Self.identical(draft, now: now, connection) {
                try note(same, connection)
                return same
            }
            let waiting = try connection.query(
                "SELECT count(*) AS n FROM approval WHERE user_id = $1 AND state = 'pending' AND expires_at > $2",
                [.integer(draft.userID), .integer(now)]
            )
            if let count = try waiting.first?.int("n"), count >= Self.waiting { return nil }
            for code in codes {
                if let made = try Self.insert(draft, code: code, now: now, connection) {
                    try note(made, connection)
                    return made
                }
            }
            throw DatabaseError(.busy, "no free approval code was found")
        }
    }

    private static func identical(_ draft: Draft, now: Int64, _ connection: any SQLConnection) throws -> Approval? {
        try connection.query(
            """
            SELECT * FROM approval
            WHERE user_id = $1 AND bot_id = $2 AND skill_id IS NOT DISTINCT FROM $3 AND tool = $4 AND arguments = $5
                AND state = 'pending' AND expires_at > $6
            ORDER BY id LIMIT 1
            """,
            [
                .integer(draft.userID), .text(draft.bot), .optional(draft.skill), .text(draft.tool),
                .text(draft.arguments), .integer(now),
            ]
        ).first.map(Approval.init)
    }

    private static func insert(
        _ draft: Draft,
        code: String,
        now: Int64,
        _ connection: any SQLConnection
    ) throws -> Approval? {
        try connection.query(
            """
            INSERT INTO approval (code, user_id, username, team, bot_id, skill_id, tool, arguments, summary, language,
                state, created_at, expires_at, request_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', $11, $12, $13)
            ON CONFLICT (code) DO NOTHING
            RETURNING *
            """,
            [
                .text(code), .integer(draft.userID), .text(draft.username), .integer(draft.team), .text(draft.bot),
                .optional(draft.skill), .text(draft.tool), .text(draft.arguments), .text(draft.summary),
                .text(draft.language.rawValue), .integer(now), .integer(now + lifetime), .text(draft.requestID),
            ]
        ).first.map(Approval.init)
    }

    /// Decides a code for a user.
    ///
    /// - Parameters:
    ///   - bot: the bot that is talked to; nil where the code is given without one.
    ///   - check: whether the caller may still run it, asked before the code is used up. Pure: it may be asked twice.
    func decide(
        _ code: String,
        _ decision: ApprovalDecision,
        userID: Int64,
        bot: String?,
        now: Int64,
        check: @escaping @Sendable (Approval) -> ApprovalBar?,
        note: @escaping @Sendable (Approval, any SQLConnection) throws -> Void
    ) async throws -> Claim {
        try await database.write { connection in
            if let until = try Self.limit(userID, now: now, connection) { return .limited(until: until) }
            let found = try connection.query(
                "SELECT * FROM approval WHERE code = $1 AND user_id = $2" + connection.dialect.forUpdate(),
                [.text(code), .integer(userID)]
            ).first.map(Approval.init)
            guard var approval = found, bot == nil || approval.bot == bot else {
                try Self.countWrong(userID, now: now, connection)
                return .unknown
            }
            guard approval.state == .pending else {
                return approval.state == .expired ? .expired(approval) : .used(approval)
            }
            if approval.expiresAt <= now {
                approval.state = .expired
                try Self.move(approval.id, to: .expired, now: now, connection)
                return .expired(approval)
            }
            if decision == .approve, let bar = check(approval) { return .barred(approval, bar) }
            approval.state = decision == .approve ? .running : .refused
            guard try Self.move(approval.id, to: approval.state, now: now, connection) == 1 else {
                return .used(approval)
            }
            if decision == .reject {
                try note(approval, connection)
                return .refused(approval)
            }
            return .claimed(approval)
        }
    }

    @discardableResult
    private static func move(
        _ id: Int64,
        to state: Approval.State,
        now: Int64,
        _ connection: any SQLConnection
    ) throws -> Int {
        try connection.execute(
            "UPDATE approval SET state = $2, decided_at = $3 WHERE id = $1 AND state = 'pending'",
            [.integer(id), .text(state.rawValue), .integer(now)]
        )
    }

    /// Writes down how a claimed call ended.
    func settle(
        _ approval: Approval,
        as state: Approval.State,
        result: String,
        note: @escaping @Sendable (any SQLConnection) throws -> Void
    ) async throws {
        try await database.write { connection in
            _ = try connection.execute(
                "UPDATE approval SET state = $2, result = $3 WHERE id = $1 AND state = 'running'",
                [.integer(approval.id), .text(state.rawValue), .text(result)]
            )
            try note(connection)
        }
    }

    // MARK: Wrong codes

    /// Until when all codes of a user are refused, nil when they are not.
    private static func limit(_ userID: Int64, now: Int64, _ connection: any SQLConnection) throws -> Int64? {
        let rows = try connection.query(
            "SELECT began_at FROM approval_guess WHERE user_id = $1 AND wrong >= $2 AND began_at > $3",
            [.integer(userID), .integer(wrongCodes), .integer(now - guessWindow)]
        )
        return try rows.first.map { try $0.int("began_at") + guessWindow }
    }

    private static func countWrong(_ userID: Int64, now: Int64, _ connection: any SQLConnection) throws {
        _ = try connection.execute(
            """
            INSERT INTO approval_guess (user_id, began_at, wrong) VALUES ($1, $2, 1)
            ON CONFLICT (user_id) DO UPDATE SET
                wrong = CASE WHEN approval_guess.began_at > $3 THEN approval_guess.wrong + 1 ELSE 1 END,
                began_at = CASE WHEN approval_guess.began_at > $3 THEN approval_guess.began_at ELSE $2 END
            """,
            [.integer(userID), .integer(now), .integer(now - guessWindow)]
        )
    }
}
