// Where people look at notices and send those again that did not get through.

package import Identity
package import JSON
package import Resources
package import Storage

/// The verbs of `notification`, without HTTP.
package struct NotificationDesk: Sendable {
    /// `notification`, list and get.
    package let notifications: ResourceService
    private let database: any Database
    private let audit: (any AuditSink)?
    private let clock: WallClock
    private let wake: @Sendable () -> Void

    /// Rows that one call sends again at the most.
    package static let maximumRows = 1_000

    /// - Parameters:
    ///   - catalog: the program's; without one, a catalogue of this resource alone.
    ///   - wake: called after a commit, `DeliveryService.wake`.
    package init(
        database: any Database,
        catalog: ResourceCatalog? = nil,
        audit: (any AuditSink)? = nil,
        clock: WallClock = .system,
        wake: @escaping @Sendable () -> Void = {}
    ) throws(ResourceDeclarationError) {
        let catalog = if let catalog { catalog } else { try ResourceCatalog([NotificationResource.resource]) }
        notifications = try ResourceService(
            NotificationResource.resource,
            catalog: catalog,
            database: database,
            clock: clock
        )
        self.database = database
        self.audit = audit
        self.clock = clock
        self.wake = wake
    }

    /// How full the outbox is. Costs what waits, so it is not for every moment.
    package func level() async throws -> OutboxLevel { try await database.read { try OutboxLevel.read($0) } }

    /// `POST notification/{id}/resend/`: a dead or unknown notice waits again, with no attempts counted.
    ///
    /// It is composed anew: if there is nothing left to tell by then, it is dropped with that reason.
    ///
    /// - Returns: the row as it is now.
    /// - Throws: `ResourceError` (404 for what the caller cannot see, 409 for another state), `DatabaseError`.
    package func resend(id: Int64, caller: Caller, requestID: String = "") async throws -> JSONValue {
        try authorize(caller)
        let results = try await resend(caller, requestID) { _ in [id] }
        switch results.first?.fault {
        case nil: break
        case .missing: throw ResourceError.notFound
        case .state(let state): throw ResourceError.conflict(message: Self.refusal(state), errors: [])
        }
        return try await notifications.get(id: id, caller: caller)
    }

    /// `POST notification/resend/`: many at once.
    ///
    /// - Parameter body: `{"ids":[…]}`, 1 to 1000; or `{"channel":id}` with an optional `"state":"dead"|"unknown"`
    ///   (both when left out): the oldest 1000 of that channel.
    /// - Returns: `{"resent":n,"results":[{"id","result","message"}],"remaining":n}`; `result` is `ok` or `error`;
    ///   `remaining` (with `channel`) counts those for another call.
    /// - Throws: `ResourceError`: 400, 403, and 409 with the reasons when none of `ids` could be sent again.
    package func resend(body: JSONObject, caller: Caller, requestID: String = "") async throws -> JSONValue {
        try authorize(caller)
        let request = try ResendRequest(body)
        let results = try await resend(caller, requestID) { connection in
            switch request {
            case .ids(let ids): ids
            case .channel: try Self.candidates(request, caller, Self.maximumRows, connection)
            }
        }
        let resent = results.count { $0.fault == nil }
        if case .ids = request, resent == 0 {
            throw ResourceError.conflict(
                message: "none of them can be sent again",
                errors: results.map { FieldError(String($0.id), $0.message) }
            )
        }
        var answer: JSONObject = [
            "resent": .integer(resent), "results": .array(results.map { .object($0.json) }),
        ]
        if case .channel = request {
            let left = try await database.read { try Self.count(request, caller, $0) }
            answer["remaining"] = .integer(left)
        }
        return .object(answer)
    }

    private func authorize(_ caller: Caller) throws(ResourceError) {
        guard caller.may(.notificationManage) else { throw .forbidden(.notificationManage) }
    }

    /// What became of one row.
    private struct Result: Sendable {
        enum Fault: Sendable, Hashable {
            case missing
            case state(String)
        }

        var id: Int64
        var fault: Fault?

        var message: String {
            switch fault {
            case nil: "waits to be sent again"
            case .missing: "not found"
            case .state(let state): NotificationDesk.refusal(state)
            }
        }

        var json: JSONObject {
            ["id": .integer(id), "result": .string(fault == nil ? "ok" : "error"), "message": .string(message)]
        }
    }

    private static func refusal(_ state: String) -> String {
        "is \(state); only what is dead or unknown can be sent again"
    }

    private func resend(
        _ caller: Caller,
        _ requestID: String,
        _ choose: @escaping @Sendable (any SQLConnection) throws -> [Int64]
    ) async throws -> [Result] {
        let now = clock.now()
        let audit = audit
        let results = try await database.write { connection in
            try Self.resend(try choose(connection), caller, now: now, connection) { row in
                let entry = AuditEntry(
                    by: caller,
                    action: "notification.resend",
                    objectType: "notification",
                    objectID: String(row.id),
                    before: ["state": .string(row.state.rawValue), "attempts": .integer(row.attempts)],
                    after: ["state": .string(NoticeState.pending.rawValue), "attempts": 0],
                    at: now,
                    requestID: requestID,
                    team: row.team
                )
                try audit?.record(entry, on: connection)
            }
        }
        if results.contains(where: { $0.fault == nil }) { wake() }
        return results
    }

    /// A row that can be sent again.
    private struct Lost {
        var id: Int64
        var team: Int64
        var state: NoticeState
        var attempts: Int64
    }

    private static func resend(
        _ ids: [Int64],
        _ caller: Caller,
        now: Int64,
        _ connection: any SQLConnection,
        _ note: (Lost) throws -> Void
    ) throws -> [Result] {
        let scope = caller.teamCondition(column: "notification.team") ?? "1 = 1"
        let rows = try connection.query(
            fragment: """
                SELECT id, team, state, attempts FROM notification
                WHERE \(SQLFragment.among("id", ids, connection.dialect)) AND \(scope)
                ORDER BY id\(raw: connection.dialect.forUpdate())
                """
        )
        var states: [Int64: String] = [:]
        var lost: [Lost] = []
        for row in rows {
            let (id, word) = (try row.int("id"), try row.text("state"))
            states[id] = word
            guard let state = NoticeState(rawValue: word), state.canBeSentAgain else { continue }
            lost.append(Lost(id: id, team: try row.int("team"), state: state, attempts: try row.int("attempts")))
        }
        // Under an id of its own again: a person wants it to be heard, and others of a digest may not come along.
        try connection.execute(
            fragment: """
                UPDATE notification SET state = 'pending', attempts = 0, due_at = \(now), claimed_until = NULL,
                    message_id = NULL, batch = NULL, updated_at = \(now)
                WHERE \(SQLFragment.among("id", lost.map(\.id), connection.dialect))
                """
        )
        for row in lost { try note(row) }
        let resent = Set(lost.map(\.id))
        return ids.map { id in
            Result(id: id, fault: resent.contains(id) ? nil : states[id].map { .state($0) } ?? .missing)
        }
    }

    private static func condition(_ request: ResendRequest, _ caller: Caller) -> SQLFragment {
        guard case .channel(let channel, let states) = request else { return "1 = 0" }
        let scope = caller.teamCondition(column: "notification.team") ?? "1 = 1"
        return "channel = \(channel) AND state IN (\(list: states.map { .text($0.rawValue) })) AND \(scope)"
    }

    private static func candidates(
        _ request: ResendRequest,
        _ caller: Caller,
        _ limit: Int,
        _ connection: any SQLConnection
    ) throws -> [Int64] {
        try connection.query(
            fragment: "SELECT id FROM notification WHERE \(condition(request, caller)) ORDER BY id LIMIT \(limit)"
        ).map { try $0.int("id") }
    }

    private static func count(
        _ request: ResendRequest,
        _ caller: Caller,
        _ connection: any SQLConnection
    ) throws -> Int64 {
        try connection.query(
            fragment: "SELECT COUNT(*) AS total FROM notification WHERE \(condition(request, caller))"
        ).first?.int("total") ?? 0
    }
}
